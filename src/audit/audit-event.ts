import { createHash } from 'node:crypto';
import { readUrl } from '../policy/uris/uri.js';

/**
 * The interface used: `registration` is RFC 7591 and RFC 7592, `console` its sign-in (its changes are GraphQL), and `job` the registry
 * itself: a job, its start, or an eviction at a limit.
 */
export const CHANNELS = ['rest', 'registration', 'graphql', 'console', 'cli', 'job'] as const;
export type Channel = (typeof CHANNELS)[number];

/** The kind of actor: the holder of a credential, an anonymous caller, or the registry itself (`system`). */
export const ACTOR_TYPES = [
  'api_key',
  'jwt',
  'initial_access_token',
  'registration_token',
  'anonymous',
  'system',
] as const;
export type ActorType = (typeof ACTOR_TYPES)[number];

export interface Actor {
  type: ActorType;
  /**
   * The id of the API key or the initial access token, the subject of the JWT, or the client_id whose registration token
   * it was; null for anyone and for the registry.
   */
  id: string | null;
}

/** The actor of a request, its channel, address and id, and whether the caller still waits. */
export interface RequestContext {
  actor: Actor;
  channel: Channel;
  /** Null for a change by the service itself. */
  address: string | null;
  requestId: string | null;
  /** Whose work it is, if work takes turns. Undefined without a caller. */
  caller?: string | undefined;
  /** Whether the caller still waits. Work that has not begun when the caller disconnects is dropped. Undefined without a caller. */
  isWaiting?: () => boolean;
  /**
   * Counts the bytes that a change writes against the limit of its organization, or of the address for a client without an owner.
   * Undefined: not counted.
   * @param partId counts them against a tenth of the limit instead, which is for this user or software of the organization, or this client
   *   without an owner
   * @throws RegistryError `rate_limited` when the limit was reached before
   */
  spend?: (orgId: string | null, bytes: number, partId?: string) => void;
}

/** The registry itself, such as its jobs. */
export const SYSTEM: RequestContext = {
  actor: { type: 'system', id: null },
  channel: 'job',
  address: null,
  requestId: null,
};

/** An operator of the command line has access to the database, and no other identity here. */
export const COMMAND_LINE: RequestContext = { ...SYSTEM, channel: 'cli' };

/** The actions, each with its description in the schema and the reference. */
export const AUDIT_ACTIONS = {
  'client.created': 'A client was created or registered, with its first credentials.',
  'client.updated': 'Fields of a client changed.',
  'client.disabled': 'A client was disabled.',
  'client.enabled': 'A disabled client was enabled.',
  'client.verified': 'An administrator verified a client.',
  'client.unverified': 'An administrator withdrew the verification of a client.',
  'client.deleted': 'A client was deleted. It can be restored until it is purged.',
  'client.restored': 'A deleted client was restored.',
  'client.purged': 'A deleted client was removed permanently, at the end of its retention.',
  'unused_clients.removed': 'A batch of unused anonymous clients was removed. One event for all of them.',
  'unused_client.deleted':
    'An unused anonymous client deleted its registration, and was removed from the database at once.',
  'client_secret.issued': 'A client secret was issued.',
  'client_secret.revoked': 'A client secret was revoked.',
  'client_secret.rejected':
    'A client authenticated with an expired or revoked secret, and was rejected. Only the first attempt per secret and hour is recorded.',
  'registration_token.issued': 'A new registration access token was issued.',
  'api_key.created': 'An API key was created.',
  'api_key.revoked': 'An API key was revoked.',
  'initial_access_token.created': 'An initial access token was created.',
  'initial_access_token.revoked': 'An initial access token was revoked.',
  'grant.given': 'A user allowed a client to act for them, or allowed it more scopes.',
  'grant.denied': 'A user denied the request of a client.',
  'grant.revoked': 'A grant and all of its tokens were revoked.',
  'resource.created': 'A resource was created. Access tokens can be issued for it.',
  'resource.updated': 'Fields of a resource changed.',
  'resource.deleted': 'A resource was deleted. No token is issued for it any more.',
  'signing_key.created':
    'A key for signing access tokens was created. It signs a day later, or at once if no other key is valid.',
  'signing_key.revoked':
    'A key for signing access tokens was revoked. All tokens that it signed are invalid.',
  'session.started': 'An administrator or viewer signed in to the console.',
  'session.ended': 'An administrator or viewer signed out of the console.',
  'access.denied':
    'A sign-in to the console failed, or the role of the caller did not permit the operation. Only the first denial of a caller per hour is recorded.',
} as const;
export type AuditAction = keyof typeof AUDIT_ACTIONS;

/** Actions that only take access away. Each can be done once to what a counted action has made. */
const RESTRICTIONS: ReadonlySet<AuditAction> = new Set([
  'client.disabled',
  'client.unverified',
  'client.deleted',
  'client_secret.revoked',
  'grant.revoked',
  'session.ended',
]);
export const isRestriction = (action: AuditAction) => RESTRICTIONS.has(action);

/**
 * A field before and after; a value of more than 256 bytes that is not a name is a {@link Digest}. Never a secret or a hash of one.
 * Of translations that take more than 4 KiB together, the longest are one change of `translations`: a Digest of their JSON.
 */
export interface Change {
  field: string;
  /** Null if there was nothing. */
  before: unknown;
  /** Null if there is nothing. */
  after: unknown;
  /**
   * Of a list of more than 256 bytes, in place of `before` and `after`, which are null then: the entries that came, and those that went.
   * Both are empty if only their order changed. Entries beyond 512 bytes are replaced by a {@link Digest} at the end.
   */
  added?: unknown[];
  removed?: unknown[];
}

/** Replaces a value that is too large for the audit log. */
export interface Digest {
  /** Hash of the text, or of the JSON of another value: lower-case hexadecimal. */
  sha256: string;
  /** How long that is, in UTF-8. */
  bytes: number;
  /** How many entries of a list it covers; undefined if the value is not part of a list. */
  entries?: number;
  /** The distinct hosts ({@link hostOf}) of the URIs among them. Undefined if there is none. */
  hosts?: string[];
}

/** As long as a DNS name may be. */
const MAX_SCHEME_LENGTH = 253;

/** The host that a URI leads to, or its scheme if that is an app's: both are bounded, as the audit log has many of them. */
export function hostOf(uri: string): string[] {
  const url = readUrl(uri);
  if (url === null) return [];
  const { protocol, host } = url;
  return [/^https?:$/.test(protocol) ? host : protocol.slice(0, MAX_SCHEME_LENGTH)];
}

/** What happened to what. */
export interface AuditEntry {
  action: AuditAction;
  /** The client that it is about; null for keys and tokens of operators, and for many clients at once. */
  clientId: string | null;
  /**
   * The client, secret, key or token that was changed; the last one of many. Of a session, its API key; of a request that was
   * denied, its id.
   */
  targetId: string;
  changes: Change[];
}

/** What happened to a key or a token, which belongs to no client. */
export const credentialEntry = (action: AuditAction, targetId: string, changes: Change[]): AuditEntry => ({
  action,
  clientId: null,
  targetId,
  changes,
});

/** Something that happened. It is never changed. */
export interface AuditEvent extends AuditEntry, RequestContext {
  /** UUIDv7: it holds the time, and sorts by it. */
  id: string;
  at: Date;
}

/** Which events; those that match everything that is said. */
export interface AuditFilter {
  clientId?: string;
  actorType?: Actor['type'];
  actorId?: string;
  action?: AuditAction;
  channel?: Channel;
  /** Inclusive. */
  since?: Date;
  /** Exclusive. */
  until?: Date;
}

/** The fields in which two things differ. Null: there was none before, or is none any more. */
export function changesBetween(before: object | null, after: object | null): Change[] {
  const [old, now] = [before ?? {}, after ?? {}] as Record<string, unknown>[];
  const own: Change[] = [];
  const translations: Change[] = [];
  for (const field of new Set([...Object.keys(old!), ...Object.keys(now!)])) {
    const change = { field, before: old![field] ?? null, after: now![field] ?? null };
    if (change.before === change.after || isSame(change.before, change.after)) continue;
    if (isTranslation(field)) translations.push(change);
    else own.push(abridged(change));
  }
  return [...own, ...translationsWithin(translations)];
}

/** Largest value, in bytes, that the audit log stores unchanged. */
const MAX_VALUE_BYTES = 256;
/** Bytes of a list's added entries, and as many of its removed ones. */
const MAX_ENTRIES_BYTES = 512;
/** Bytes of changes of translations, of which a client can have a hundred. */
const MAX_TRANSLATIONS_BYTES = 4 * 1024;

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
const bytesOf = (value: unknown) => (value === null ? 0 : Buffer.byteLength(textOf(value)));

function digest(value: unknown): Digest {
  const text = textOf(value);
  const uris = [value].flat().filter((entry) => typeof entry === 'string');
  const hosts = [...new Set(uris.flatMap(hostOf))];
  return {
    sha256: createHash('sha256').update(text).digest('hex'),
    bytes: Buffer.byteLength(text),
    ...(hosts.length > 0 && { hosts }),
  };
}

/** Whether a field is what a client is called, in any language. */
export const isName = (field = ''): boolean => field === 'name' || field.startsWith('client_name#');

/** Names are bounded, and what a client was called is what is asked for after a fraud. */
const digestIfLarge = (value: unknown, field?: string) =>
  bytesOf(value) > MAX_VALUE_BYTES && !isName(field) ? digest(value) : value;

/** The same change, shortened so that audit events cannot fill a disk. */
function abridged({ field, before, after }: Change): Change {
  if (Math.max(bytesOf(before), bytesOf(after)) <= MAX_VALUE_BYTES) return { field, before, after };
  const [old, now] = [before ?? [], after ?? []];
  if (!Array.isArray(old) || !Array.isArray(now)) {
    return { field, before: digestIfLarge(before, field), after: digestIfLarge(after, field) };
  }
  return {
    field,
    before: null,
    after: null,
    added: entriesWithout(now, old),
    removed: entriesWithout(old, now),
  };
}

const isTranslation = (field: string): boolean => field.includes('#');

/** The changes of translations as far as there is room, and one change for the rest. The shortest are first: no long one hides a name. */
function translationsWithin(changes: readonly Change[]): Change[] {
  const sized = changes.map((change) => ({ change, shown: abridged(change), bytes: bytesOf(change) }));
  sized.sort((a, b) => a.bytes - b.bytes);
  let bytes = 0;
  const fitting = sized.filter((each) => (bytes += each.bytes) <= MAX_TRANSLATIONS_BYTES);
  const rest = sized.slice(fitting.length).map(({ change }) => change);
  const shown = fitting.map((each) => each.shown);
  if (rest.length === 0) return shown;
  const digestOf = (side: 'before' | 'after') => {
    const values = rest
      .filter((change) => change[side] !== null)
      .map(({ field, [side]: value }) => [field, value]);
    return values.length === 0 ? null : { ...digest(Object.fromEntries(values)), entries: values.length };
  };
  return [...shown, { field: 'translations', before: digestOf('before'), after: digestOf('after') }];
}

/** The entries of a list that another does not have, as far as there is room for them, and a digest of the rest. */
function entriesWithout(list: readonly unknown[], other: readonly unknown[]): unknown[] {
  const known = new Set(other.map(textOf));
  const entries = list.filter((entry) => !known.has(textOf(entry)));
  const shown: unknown[] = [];
  let bytes = 0;
  for (const entry of entries.map((each) => digestIfLarge(each))) {
    bytes += bytesOf(entry);
    if (bytes > MAX_ENTRIES_BYTES) break;
    shown.push(entry);
  }
  const rest = entries.slice(shown.length);
  return rest.length === 0 ? shown : [...shown, { ...digest(rest), entries: rest.length }];
}

const isSame = (before: unknown, after: unknown) =>
  before !== null && after !== null && JSON.stringify(before) === JSON.stringify(after);
