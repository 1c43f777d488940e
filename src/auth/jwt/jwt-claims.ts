import type { JWTPayload } from 'jose';
import type { ClaimValue } from '../../config/variables.js';

/** Claims whose string is a list (RFC 8693 §4.2); Microsoft Entra ID calls it `scp`. */
const SPACE_SEPARATED: ReadonlySet<string> = new Set(['scope', 'scp']);

/**
 * Claims that access tokens do not have: of ID tokens (OpenID Connect Core §3.3.2.11, FAPI), and of logout tokens and other security
 * events (RFC 8417 §2.2).
 */
const FOREIGN_CLAIMS = ['at_hash', 'c_hash', 's_hash', 'events'];

/** Whether the claims are those of an ID token, or of anything else that is not an access token. */
export function isForOtherUse(claims: JWTPayload): boolean {
  // Keycloak names the kind in the claim "typ"; before version 25 its access tokens have a nonce, too
  const isIdToken = claims.typ === 'ID' || (Object.hasOwn(claims, 'nonce') && claims.typ !== 'Bearer');
  return isIdToken || FOREIGN_CLAIMS.some((claim) => Object.hasOwn(claims, claim));
}

/** Whether a claim is `value`, or a list that has it. */
export function hasClaim(claims: JWTPayload, { claim, value }: ClaimValue): boolean {
  const found = claimAt(claims, claim);
  if (typeof found === 'string' && SPACE_SEPARATED.has(claim)) return found.split(' ').includes(value);
  return [found].flat().some((entry) => (typeof entry === 'boolean' ? String(entry) : entry) === value);
}

/** A claim of that name, which may be a URL; if there is none, dots lead into objects: `realm_access.roles`. */
export function claimAt(claims: JWTPayload, claim: string): unknown {
  if (Object.hasOwn(claims, claim)) return claims[claim];
  return claim
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined,
      claims,
    );
}
