import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
const HINT_LENGTH = 4;

/** 256 random bits, in base64url: 43 characters that need no escaping in a header, a form or a URL. */
export function generateSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/**
 * The form in which a secret is stored, its algorithm named in front so that others can be told apart later.
 * One round of SHA-256 is enough: a secret of 256 random bits cannot be guessed, however fast the hash is.
 */
export function hashSecret(secret: string): string {
  return `sha256:${createHash('sha256').update(secret).digest('hex')}`;
}

/** Whether `secret` has the stored `hash`; takes the same time wherever the two differ. */
export function matchesHash(secret: string, hash: string): boolean {
  const actual = Buffer.from(hashSecret(secret));
  const expected = Buffer.from(hash);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** The last characters of a secret, by which its owner recognises it in a list. */
export function secretHint(secret: string): string {
  return secret.slice(-HINT_LENGTH);
}
