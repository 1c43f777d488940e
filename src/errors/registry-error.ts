/**
 * Every error that a caller can receive, with its HTTP status. The codes are wire format: they are fixed here and
 * never derived from a message.
 */
export const ERROR_STATUS = {
  invalid_request: 400,
  /** RFC 7591 §3.2.2 */
  invalid_client_metadata: 400,
  /** RFC 7591 §3.2.2 */
  invalid_redirect_uri: 400,
  /** RFC 7591 §3.2.2 */
  invalid_software_statement: 400,
  /** RFC 7591 §3.2.2 */
  unapproved_software_statement: 400,
  /** No credentials were sent (RFC 6750 §3.1 forbids an error code in the challenge here). */
  unauthorized: 401,
  /** RFC 6750 §3.1 */
  invalid_token: 401,
  /** RFC 6750 §3.1 */
  insufficient_scope: 403,
  not_found: 404,
  method_not_allowed: 405,
  /** RFC 9110 §15.5.13 */
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  /** RFC 9110 §15.5.17 */
  range_not_satisfiable: 416,
  validation_error: 422,
  rate_limited: 429,
  server_error: 500,
  /** A transfer coding that is not read here (RFC 9112 §6.1). */
  not_implemented: 501,
  temporarily_unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** What is wrong with which field, by the name that the caller knows the field by. */
export type FieldFaults = Record<string, string[]>;

export interface RegistryErrorOptions {
  /** Every field at fault, each with what to do about it. */
  invalidFields?: FieldFaults;
  /** When a retry may succeed, in seconds. Sent as `Retry-After`. */
  retryAfterSeconds?: number;
  /** The methods that the resource does support. Sent as `Allow`. */
  allow?: readonly string[];
  /** How many bytes the file has whose range was asked for. Sent in `Content-Range` (RFC 9110 §15.5.17). */
  fileLength?: number;
  /** An operator has set the limit that it is about: nothing is broken, and nothing is logged. */
  isByDesign?: true;
  /** For the log only; never reaches a caller. */
  cause?: unknown;
}

/** A refusal that is meant for the caller: everything in it but the cause is safe to send. */
export class RegistryError extends Error {
  constructor(
    readonly code: ErrorCode,
    description: string,
    readonly options: RegistryErrorOptions = {},
  ) {
    super(description, { cause: options.cause });
    this.name = 'RegistryError';
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** What a caller is told to wait where nobody knows better, in seconds. */
export const RETRY_AFTER_SECONDS = 5;

/** For what somebody else keeps locked in the database. */
export const locked = (cause?: unknown) =>
  new RegistryError(
    'temporarily_unavailable',
    'Another transaction has locked what this request changes. Retry after the time in Retry-After.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS, cause },
  );

/** For what was not begun, because there was more to do than could be done in time. */
export const overloaded = () =>
  new RegistryError('temporarily_unavailable', 'More is asked for now than can be done.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    isByDesign: true,
  });
