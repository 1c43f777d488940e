/** Where a request belongs in the trace of whoever sent it. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** Of the span that sent it: 16 hexadecimal digits. */
  spanId: string;
  /** Bit 0: the sender records its trace. */
  flags: number;
}

/** A later version may say more behind what the first one says (W3C Trace Context §3.2.4). */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;
/** One that is longer says nothing that is worth the time. */
const MAX_LENGTH = 256;

/** Reads a `traceparent` header; null where there is none, or one that is malformed. */
export function readTraceParent(header: string | string[] | undefined): TraceParent | null {
  if (typeof header !== 'string' || header.length > MAX_LENGTH) return null;
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return version === '00' && more !== undefined ? null : { traceId, spanId, flags: parseInt(flags, 16) };
}
