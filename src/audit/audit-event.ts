/** The way by which somebody reached the registry. */
export const DOORS = ['rest', 'registration', 'graphql', 'console', 'cli', 'system'] as const;
export type Door = (typeof DOORS)[number];

/** Who can do something: whoever holds a credential of that kind, anybody at all, or the registry itself. */
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
   * it was; null for anybody and for the registry.
   */
  id: string | null;
}

/** Who does something, and how they came. */
export interface Author {
  actor: Actor;
  door: Door;
  /** Null where nobody called from outside. */
  address: string | null;
  requestId: string | null;
  /** Whether they still wait for an answer: what is not begun by then is not done for nobody. Undefined: nobody called. */
  isWaiting?: () => boolean;
}

/** The registry itself, such as its jobs. */
export const SYSTEM: Author = {
  actor: { type: 'system', id: null },
  door: 'system',
  address: null,
  requestId: null,
};

/** Whoever can run the command line has the database, and no other name here. */
export const COMMAND_LINE: Author = { ...SYSTEM, door: 'cli' };

export const AUDIT_ACTIONS = [
  'client.created',
  'client.updated',
  'client.disabled',
  'client.enabled',
  'client.verified',
  'client.unverified',
  'client.deleted',
  'client.restored',
  'client.purged',
  'unused_clients.removed',
  'client_secret.issued',
  'client_secret.revoked',
  'registration_token.issued',
  'api_key.created',
  'api_key.revoked',
  'initial_access_token.created',
  'initial_access_token.revoked',
  'session.started',
  'session.ended',
  'access.denied',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** A field as it was and as it is. Never of a secret or a hash. */
export interface Change {
  field: string;
  /** Null where there was nothing. */
  before: unknown;
  /** Null where there is nothing. */
  after: unknown;
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
export interface AuditEvent extends AuditEntry, Author {
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
  door?: Door;
  /** Inclusive. */
  since?: Date;
  /** Exclusive. */
  until?: Date;
}

/** The fields in which two things differ. Null: there was none before, or is none any more. */
export function changesBetween(before: object | null, after: object | null): Change[] {
  const [old, now] = [before ?? {}, after ?? {}] as Record<string, unknown>[];
  const fields = Object.keys({ ...old, ...now });
  return fields
    .map((field) => ({ field, before: old![field] ?? null, after: now![field] ?? null }))
    .filter(({ before, after }) => before !== after && !isSame(before, after));
}

const isSame = (before: unknown, after: unknown) =>
  before !== null && after !== null && JSON.stringify(before) === JSON.stringify(after);
