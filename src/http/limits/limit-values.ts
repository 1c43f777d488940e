import { MAX_BODY_BYTES } from '../requests/request-body.js';

/** Every limit of HTTP itself. Node's own defaults are made for servers behind a protecting proxy. */
export const HTTP_LIMITS = {
  /** From the first byte, or from the connection where none comes, to the end of the header: a slow loris is gone then. */
  headersTimeoutMs: 10_000,
  /** For the whole request: 64 KiB at 2 KiB/s, which a bad mobile connection manages. */
  requestTimeoutMs: 30_000,
  /** How often the two are checked, and so how much longer they may take. Node's 30 s would double them. */
  checkIntervalMs: 1_000,
  /** For the request to be answered, even if the database hangs, and for the caller to read the answer. */
  deadlineMs: 20_000,
  /**
   * For the next request on a connection. Longer than the 60 s of nginx and of AWS load balancers, which must be the ones to
   * close: a request that they send while we do so is lost.
   */
  keepAliveTimeoutMs: 75_000,
  /** Size of the request line and the headers together; a credential of 8 KiB fits in. */
  maxHeaderBytes: 16 * 1024,
  /**
   * Node silently drops fields above its own limit: an X-Forwarded-For that a proxy appends could get lost after fields that a caller
   * invented. So one more is read, and rejected.
   */
  maxHeaderFields: 100,
  maxBodyBytes: MAX_BODY_BYTES,
  /** Length of an identifier in a path; ours have 36 characters. Longer ones are a 404. */
  maxParameterLength: 100,
  /**
   * Open at once, 25 MB of idle ones. One more closes the one that has been idle for longest, rather than being rejected:
   * else the first to open connections would lock all others out.
   */
  maxConnections: 4_000,
  /** Additional connections, reserved for health checks, while all of those are busy. */
  reservedConnections: 100,
  /**
   * Of one address, or of one IPv6 network of 64 bits: one more closes the one of that address that has been idle for longest. It does not
   * hold for the proxies of TRUST_PROXY, whose connections are of many callers.
   */
  maxConnectionsPerAddress: 500,
  /** Worked on at a time (bench/overload.md): five times what keeps the processor busy. More are rejected at once. */
  maxRequests: 250,
  /** Additional ones while all of those are worked on, reserved for callers that have less than an equal share of them. */
  reservedRequests: 50,
  /** Additional ones while all of those are taken, for callers whose credentials were valid within ten minutes. */
  maxKnownRequests: 25,
  /** As many more, reserved for those of them that have less than an equal share. */
  reservedKnownRequests: 25,
  /** Credentials that were valid within ten minutes, whose callers are exempt from limits of others; as many more of anonymous clients. */
  maxRememberedCredentials: 10_000,
  /** Requests of one connection that wait for earlier replies. With more, the connection is closed. */
  maxHeldRequests: 16,
  /** The same, of all connections together: 10 MB. With more, the connection that holds one more is closed. */
  maxHeldRequestsTogether: 2_000,
  /** Requests whose bodies are still arriving, of up to 64 KiB each. One more breaks off the oldest. */
  maxArriving: 1_000,
  /**
   * Of replies that were not read yet, all together; each counts as 64 KiB more than it has. What does not fit breaks off the oldest of the
   * caller whose unread replies take up most.
   */
  maxUnsentBytes: 32 * 1024 * 1024,
};

export type HttpLimits = typeof HTTP_LIMITS;
