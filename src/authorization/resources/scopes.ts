import { MAX_SCOPES } from '../../policy/grants/scope.js';

/** Why {@link requestedScopes} are none. */
export const NO_SCOPES = `The client may get none of the requested scopes, or more than ${MAX_SCOPES} are requested.`;

/**
 * The scopes that a request gets: the requested ones that the client may get, or all of these if it requests none.
 * @param asked undefined: none
 * @returns null if the client may get none of the requested scopes, or they are more than a client can have
 */
export function requestedScopes(asked: string[] | undefined, grantable: readonly string[]): string[] | null {
  if (asked === undefined || asked.length === 0) return [...grantable];
  if (asked.length > MAX_SCOPES) return null;
  const left = [...new Set(asked)].filter((scope) => grantable.includes(scope));
  return left.length === 0 ? null : left;
}
