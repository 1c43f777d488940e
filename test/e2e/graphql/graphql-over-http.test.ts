import { serverAudits } from 'graphql-http';
import { Registry } from '../../support/registry.js';

const REFUSED_IS_400 =
  'a request that is not executed is 400 for every media type, as Apollo Server has it: callers, proxies and metrics see that it failed';
const GET_NEEDS_A_HEADER =
  "Apollo's protection from cross-site requests: a GET must have a header that no form or image can send";

/** Recommendations that are not followed, by the id of the audit, and why. None of them is a MUST. */
const EXCEPTIONS: Partial<Record<string, string>> = {
  '572B': REFUSED_IS_400,
  FDE2: REFUSED_IS_400,
  '7B9B': REFUSED_IS_400,
  '5A70': GET_NEEDS_A_HEADER,
  D6D5: GET_NEEDS_A_HEADER,
  '6A70': GET_NEEDS_A_HEADER,
};

let registry: Registry;
// Known by name before the service runs: https://graphql.github.io/graphql-over-http
const audits = serverAudits({
  url: () => `${registry.url}/graphql`,
  fetchFn: (url: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${registry.adminKey}` } }),
});

describe('GraphQL over HTTP, by the audits of graphql-http', () => {
  beforeAll(async () => {
    registry = await Registry.start('sqlite');
  });
  afterAll(() => registry.stop());

  it.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('$id: $name', async ({ id, name, fn }) => {
    const result = await fn();
    const exception = EXCEPTIONS[id];
    if (exception === undefined) {
      expect({ status: result.status, reason: 'reason' in result && result.reason }).toEqual({
        status: 'ok',
        reason: false,
      });
      return;
    }
    // An exception that is none any more goes
    expect(result.status).toMatch(/^(warn|notice)$/);
    expect(name).not.toMatch(/^MUST/);
  });

  it('every exception names an existing audit', () => {
    expect(audits.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.keys(EXCEPTIONS)));
  });
});
