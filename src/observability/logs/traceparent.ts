/** The caller's span. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
}

/** A later version may append fields to those of the first one (W3C Trace Context §3.2.4). */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(-.*)?$/;
/** One that is longer says nothing that is worth the time. */
const MAX_LENGTH = 256;

/**
 * Reads a `traceparent` header for the log; null if there is none, or one that is malformed. Traces take OpenTelemetry's
 * propagator, which is loaded only if they are on.
 */
export function readTraceParent(header: string | string[] | undefined): TraceParent | null {
  if (typeof header !== 'string' || header.length > MAX_LENGTH) return null;
  const [, version, traceId, spanId, more] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined) return null;
  return version === '00' && more !== undefined ? null : { traceId, spanId };
}
