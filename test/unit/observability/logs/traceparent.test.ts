import { readTraceParent } from '../../../../src/observability/logs/traceparent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('A traceparent', () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`],
    [`00-${TRACE}-${SPAN}-00`],
    [`00-${TRACE}-${SPAN}-ff`],
    // A version that is to come
    [`cc-${TRACE}-${SPAN}-01`],
    [`cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`],
  ])('is read: %s', (header) => {
    expect(readTraceParent(header)).toEqual({ traceId: TRACE, spanId: SPAN });
  });

  it.each([
    [undefined],
    [''],
    [[`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`]],
    [`ff-${TRACE}-${SPAN}-01`],
    [`00-${'0'.repeat(32)}-${SPAN}-01`],
    [`00-${TRACE}-${'0'.repeat(16)}-01`],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`],
    [`00-${TRACE.slice(1)}-${SPAN}-01`],
    [`00-${TRACE}-${SPAN}-1`],
    [`00-${TRACE}-${SPAN}-01-more`],
    [`00-${TRACE}-${SPAN}-01 `],
    [`cc-${TRACE}-${SPAN}-01.more`],
    [`cc-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`],
    [`00-${TRACE}-${SPAN}-01\n{"msg":"forged"}`],
  ])('is ignored if it is malformed: %j', (header) => {
    expect(readTraceParent(header)).toBeNull();
  });
});
