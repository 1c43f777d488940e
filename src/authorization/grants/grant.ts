/** The scopes that a user granted, for each resource (RFC 8707). */
export type GrantedScopes = Record<string, string[]>;

/** Which grants; those that match everything that is said. */
export interface GrantFilter {
  clientId?: string;
  userId?: string;
  orgId?: string;
}

/** What one user allowed one client to do. */
export interface Grant {
  id: string;
  /** The internal id of the client. */
  clientId: string;
  userId: string;
  orgId: string;
  scopes: GrantedScopes;
  /** The hosts to which the user was sent with a code. Null: none is known. */
  redirectHosts: string[] | null;
  createdAt: Date;
  /** When a token was last issued under it. Null: never. */
  lastUsedAt: Date | null;
  /** Null: it is good. */
  revokedAt: Date | null;
}

/** The scopes that a client can get at a resource; null if there is no such resource any more. */
export type Grantable = (resource: string) => readonly string[] | null;

/** Of a grant: about 20 resources with as many scopes as a client may have, each as long as it may be. */
const MAX_SCOPES_BYTES = 256 * 1024;

/**
 * The added scopes, and those granted before that the client can still get: a step-up keeps them. Beyond
 * {@link MAX_SCOPES_BYTES}, resources that were granted first are left out.
 */
export function withAdded(before: GrantedScopes, added: GrantedScopes, grantable: Grantable): GrantedScopes {
  const stillGranted = Object.entries(before).flatMap(([resource, scopes]): [string, string[]][] => {
    const left = grantable(resource);
    return left === null ? [] : [[resource, scopes.filter((scope) => left.includes(scope))]];
  });
  const kept = new Map(stillGranted);
  const updated = Object.entries(added).map(([resource, scopes]): [string, string[]] => [
    resource,
    [...new Set([...(kept.get(resource) ?? []), ...scopes])],
  ]);
  const newestLast = [...stillGranted.filter(([resource]) => !Object.hasOwn(added, resource)), ...updated];
  let bytes = 0;
  const start = newestLast.findLastIndex(
    (entry) => (bytes += Buffer.byteLength(JSON.stringify(entry))) > MAX_SCOPES_BYTES,
  );
  return Object.fromEntries(newestLast.slice(start + 1));
}

/** Granted scopes as a list, for the audit log: a resource and a scope of it, or the resource if it has none. */
export const textsOf = (granted: GrantedScopes): string[] =>
  Object.entries(granted).flatMap(([resource, scopes]) =>
    scopes.length === 0 ? [resource] : scopes.map((scope) => `${resource} ${scope}`),
  );
