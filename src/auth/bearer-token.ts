import { looksLike } from '../secrets/secret.js';

/** RFC 6750 §2.1; the scheme's name ignores case (RFC 9110 §11.1). No key or token of ours is longer. */
const BEARER = /^bearer +([\x21-\x7e]{1,8192})$/i;

/** The token of an Authorization header; undefined if it holds none. */
export const bearerToken = (authorization: string | undefined) => BEARER.exec(authorization ?? '')?.[1];

/** The initial access token of an Authorization header (RFC 7591 §3); null if it holds none. */
export function initialAccessToken(authorization: string | undefined): string | null {
  const token = bearerToken(authorization);
  return token !== undefined && looksLike('initialAccessToken', token) ? token : null;
}

/**
 * The registration access token of an Authorization header (RFC 7592 §3); null: none was sent. What was sent and is none is empty, and fits
 * no registration.
 */
export const registrationToken = (authorization: string | undefined): string | null =>
  authorization === undefined ? null : (bearerToken(authorization) ?? '');
