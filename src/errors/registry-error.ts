/**
 * Every error that a caller can receive, with its HTTP status. The codes are wire format: they are fixed here and
 * never derived from a message.
 */
export const ERROR_STATUS = {
  invalid_request: 400,
  invalid_client_metadata: 400,
  invalid_redirect_uri: 400,
  invalid_software_statement: 400,
  unapproved_software_statement: 400,
  invalid_grant: 400,
  invalid_dpop_proof: 400,
  invalid_scope: 400,
  invalid_target: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  invalid_client: 401,
  unauthorized: 401,
  invalid_token: 401,
  insufficient_scope: 403,
  not_found: 404,
  method_not_allowed: 405,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  validation_error: 422,
  rate_limited: 429,
  server_error: 500,
  not_implemented: 501,
  temporarily_unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** Whether a code that a library uses is one of them. */
export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(ERROR_STATUS, code);

/** What each error means, and what the caller should do: for the reference, in Markdown. */
export const ERROR_HELP: Record<ErrorCode, string> = {
  invalid_request:
    'The request is malformed: it is not HTTP, its body is not a JSON object or contains a member twice, or a query parameter or header is invalid. The status is 408 if the request was too slow, and 431 if its header is too large. Correct the request.',
  invalid_client_metadata:
    'A registration breaks a rule (RFC 7591 §3.2.2). Correct every field in `invalid_fields`.',
  invalid_redirect_uri:
    'A redirect URI of a registration is invalid or missing (RFC 7591 §3.2.2). Correct `redirect_uris`.',
  invalid_software_statement:
    'The software statement is not a JWT, has expired or has an invalid signature. Get a new one from its issuer.',
  unapproved_software_statement:
    'The issuer of the software statement is not trusted, or the statement is for another server. Use a statement for this server, or register without one.',
  invalid_grant:
    'The authorization code or refresh token is unknown, expired, used before, or was issued to another client; or its grant is revoked (RFC 6749 §5.2). Send the user to the authorization endpoint again.',
  invalid_dpop_proof: 'The DPoP proof is invalid (RFC 9449 §5). Send a new one for this request.',
  invalid_scope:
    'The client is allowed none of the requested scopes, or more than 100 are requested (RFC 6749 §5.2). Request scopes that it registered.',
  invalid_target: 'The `resource` is unknown (RFC 8707 §2). Request a resource that this server knows.',
  unauthorized_client:
    'The client may not use this grant type (RFC 6749 §5.2). Register it with the grant type.',
  unsupported_grant_type:
    'The grant type is not supported (RFC 6749 §5.2). Use one of `grant_types_supported` in the server metadata (RFC 8414).',
  unsupported_response_type:
    'The `response_type` of a pushed authorization request is not supported (RFC 6749 §4.1.2.1). Send `code`.',
  invalid_client:
    'The client could not be authenticated (RFC 6749 §5.2): it is unknown, deleted or disabled, or its credentials are wrong. Check the credentials, or register again.',
  unauthorized: 'The request has no credentials. Send `Authorization: Bearer CREDENTIAL`.',
  invalid_token:
    'The credential is malformed, unknown, expired or revoked, or has no registrations left (RFC 6750 §3.1). Get a new one.',
  insufficient_scope:
    'The operation is forbidden by the role of the caller, `REGISTRATION_MODE`, the status of the client or `MAX_CLIENTS_PER_ORG`. Ask an administrator.',
  not_found:
    'The path does not exist, or the object does not exist or belongs to another organization. Check the path and the ID.',
  method_not_allowed: 'The path does not support the method. Use a method in `Allow`.',
  precondition_failed:
    'The ETag in `If-Match`, or the version or count in GraphQL, is outdated (RFC 9110 §15.5.13). Read the client again, then repeat the change.',
  payload_too_large: 'The request body is larger than 64 KiB. Send a smaller one.',
  unsupported_media_type:
    'The request body has an unsupported `Content-Type`, is compressed or is not UTF-8. Send plain UTF-8 JSON with `Content-Type: application/json`. `/v2/oauth/clients/authenticate` also takes `application/x-www-form-urlencoded`.',
  range_not_satisfiable:
    'The `Range` begins after the end of the file (RFC 9110 §15.5.17). Send a range within the length in `Content-Range`.',
  validation_error: 'A value of the request breaks a rule. Correct every field in `invalid_fields`.',
  rate_limited: 'A rate limit is exceeded. Retry after the time in `Retry-After`.',
  server_error:
    'The service failed, and its log has the cause. Report the `X-Request-Id` of the reply to the operator.',
  not_implemented:
    'The request has a `Transfer-Encoding` other than `chunked` (RFC 9112 §6.1). Use `chunked` or `Content-Length`.',
  temporarily_unavailable:
    'The database or the token issuer does not reply, the key of a JWT is not known yet, the server is overloaded, or there are too many unused clients. Retry after the time in `Retry-After`.',
};

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

/** A rejection that is meant for the caller: everything in it but the cause is safe to send. */
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

/** The default of Retry-After, in seconds. */
export const RETRY_AFTER_SECONDS = 5;

/** For rows locked by another transaction. */
export const locked = (cause?: unknown) =>
  new RegistryError(
    'temporarily_unavailable',
    'Another transaction has locked the affected rows. Retry after the time in Retry-After.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS, cause },
  );

/** For a request that was not started because of overload. */
export const overloaded = () =>
  new RegistryError(
    'temporarily_unavailable',
    'The server is overloaded. Retry after the time in Retry-After.',
    {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      isByDesign: true,
    },
  );
