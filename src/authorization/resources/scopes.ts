import type { Client } from '../../clients/client/client.js';
import type { Resource } from './resource.js';

/** OpenID Connect's: this server issues no ID tokens. */
const OPENID = 'openid';

/** The scopes that a client may get at a resource. */
export function grantableScopes(client: Client, { scopes: defined }: Resource): string[] {
  if (defined.length === 0) return client.scopes.filter((scope) => scope !== OPENID);
  const mayHaveRestricted = client.verified || client.orgId !== null;
  const offered = defined
    .filter(({ restricted }) => !restricted || mayHaveRestricted)
    .map(({ name }) => name);
  return client.scopes.filter((scope) => offered.includes(scope) && scope !== OPENID);
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
