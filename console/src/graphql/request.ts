import { serviceUrl } from '../paths';
import type { TypedDocumentString } from './operations';

/** Why a request got no answer; what a page does about it depends on nothing else. */
export type FailureKind =
  | 'network'
  | 'signed-out'
  | 'forbidden'
  | 'not-found'
  /** Somebody else changed it meanwhile. */
  | 'conflict'
  /** `fields` says what to mend. */
  | 'invalid'
  /** The service asks to come back later. */
  | 'busy'
  | 'other';

/** What went wrong, in words for whoever sits in front of it. */
export class RequestError extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** What is wrong with which field, by the names of the schema. */
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
 * Asks the GraphQL door; the session's cookie goes along by itself.
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
  const message = error?.message ?? `The service answered ${response.status}, and no more.`;
  throw new RequestError(kind, message, error?.extensions?.invalid_fields);
}

/**
 * Begins a session with an admin API key, which is sent this once and kept nowhere.
 * @throws RequestError `invalid` where the key is not good or the browser would drop the session, `forbidden` where the key is a
 * member's
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
  if (response.status === 403)
    throw new RequestError('forbidden', 'This key is a member’s. The console is for admins.');
  if (response.status === 429)
    throw new RequestError('busy', 'Too many keys were tried from here. Wait a minute.');
  if (response.status < 500)
    throw new RequestError('invalid', 'This is no valid API key: it is unknown, expired or revoked.');
  throw new RequestError('busy', told ?? 'The service cannot sign you in now.');
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
    throw new RequestError('network', 'The service cannot be reached. What you typed is still here.');
  }
}
