import { serviceUrl } from '../paths';
import type { TypedDocumentString } from './operations';

/** Why a request failed. Pages decide by this alone. */
export type FailureKind =
  | 'network'
  | 'signed-out'
  | 'forbidden'
  | 'not-found'
  /** The version sent is outdated. */
  | 'conflict'
  /** `fields` has the validation errors. */
  | 'invalid'
  /** Rate limited or overloaded: retry later. */
  | 'busy'
  | 'other';

/** A failed request, with a message for the user. */
export class RequestError extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** Validation errors by field, as the schema names it. */
    readonly fields: Readonly<Record<string, readonly string[]>> = {},
  ) {
    super(message);
  }
}

interface GraphQLReply {
  data?: unknown;
  errors?: { message: string; extensions?: { code?: string; invalid_fields?: Record<string, string[]> } }[];
}

const KINDS: Record<string, FailureKind> = {
  UNAUTHENTICATED: 'signed-out',
  FORBIDDEN: 'forbidden',
  NOT_FOUND: 'not-found',
  PRECONDITION_FAILED: 'conflict',
  BAD_USER_INPUT: 'invalid',
  RATE_LIMITED: 'busy',
  TEMPORARILY_UNAVAILABLE: 'busy',
};

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

/**
 * Sends a GraphQL request; the browser adds the session cookie.
 * @throws RequestError
 */
export async function request<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const response = await send('graphql', {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({ query: document.toString(), variables }),
    signal,
  });
  const reply = (await response.json().catch(() => ({}))) as GraphQLReply;
  const [error] = reply.errors ?? [];
  if (error === undefined && response.ok && reply.data) return reply.data as Result;
  const kind = KINDS[error?.extensions?.code ?? ''] ?? (response.status === 503 ? 'busy' : 'other');
  const message = error?.message ?? `The service replied with status ${response.status}.`;
  throw new RequestError(kind, message, error?.extensions?.invalid_fields);
}

/**
 * Starts a session with an API key of the role viewer or admin. The key is not stored.
 * @throws RequestError `invalid` if the key is invalid or the browser would drop the session, `forbidden` if the key has another
 * role
 */
export async function signIn(apiKey: string): Promise<void> {
  const response = await send('admin/session', {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({ api_key: apiKey }),
  });
  if (response.ok) return;
  const { error, error_description: told } = (await response.json().catch(() => ({}))) as {
    error?: string;
    error_description?: string;
  };
  if (error === 'invalid_request' && told !== undefined) throw new RequestError('invalid', told);
  if (response.status === 403) throw new RequestError('forbidden', told ?? 'This key has another role.');
  if (response.status === 429)
    throw new RequestError('busy', 'Too many failed sign-ins from this address. Try again in a minute.');
  if (response.status < 500)
    throw new RequestError('invalid', 'Invalid API key: it is unknown, expired or revoked.');
  throw new RequestError('busy', told ?? 'The service cannot sign you in now. Try again later.');
}

/**
 * Ends the session.
 * @throws RequestError
 */
export async function signOut(): Promise<void> {
  await send('admin/session', { method: 'DELETE', headers: JSON_HEADERS, body: '{}' });
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(serviceUrl(path), init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new RequestError('network', 'The service cannot be reached. Your input is kept.');
  }
}
