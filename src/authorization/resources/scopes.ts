import type { Client } from '../../clients/client/client.js';
import type { Config } from '../../config/variables.js';

/** OpenID Connect's scope: this server issues no ID tokens. */
const OPENID = 'openid';

/** Whether someone answers for a client: an organization that it belongs to, or an administrator who verified it. */
export const isTrusted = ({ orgId, verified }: Client): boolean => orgId !== null || verified;

/** The scopes that a client may get: those that it registered, without restricted ones if it registered anonymously. */
export function grantableScopes(
  client: Client,
  { authorizationRestrictedScopes: restricted }: Pick<Config, 'authorizationRestrictedScopes'>,
): string[] {
  return client.scopes.filter(
    (scope) => scope !== OPENID && (isTrusted(client) || !restricted.includes(scope)),
  );
}

/**
 * The scopes that a request gets: the requested ones that the client may get, or all of these if it requests none.
 * @param asked undefined: none
 * @returns null if the client may get none of the requested scopes
 */
export function requestedScopes(asked: string[] | undefined, grantable: readonly string[]): string[] | null {
  if (asked === undefined || asked.length === 0) return [...grantable];
  const left = [...new Set(asked)].filter((scope) => grantable.includes(scope));
  return left.length === 0 ? null : left;
}
