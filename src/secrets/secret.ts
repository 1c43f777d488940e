import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const SECRET_BYTES = 32;
const HINT_LENGTH = 4;
const CHECKSUM_LENGTH = 8;

/** What the credentials that people handle begin with. */
const PREFIXES = { apiKey: 'ocr_', initialAccessToken: 'oci_' } as const;
type Kind = keyof typeof PREFIXES;

/** 256 random bits, in base64url: 43 characters that need no escaping in a header, a form or a URL. */
export const generateSecret = () => randomBytes(SECRET_BYTES).toString('base64url');

/** Two of them from one draw, which costs more than the bytes: every registration needs two (docs/development/performance.md). */
export function generateSecretPair(): [string, string] {
  const bytes = randomBytes(2 * SECRET_BYTES);
  return [bytes.toString('base64url', 0, SECRET_BYTES), bytes.toString('base64url', SECRET_BYTES)];
}

const checksum = (body: string) => crc32(body).toString(16).padStart(CHECKSUM_LENGTH, '0');

/**
 * A self-describing secret: a prefix, 256 random bits, and a checksum. The prefix lets scanners find one that
 * leaked into a repository, and the checksum distinguishes it from similar text.
 */
export function generateCredential(kind: Kind): string {
  const body = generateSecret();
  return `${PREFIXES[kind]}${body}${checksum(body)}`;
}

/** Whether `value` claims to be of that kind; it says nothing of whether it was ever issued. */
export function looksLike(kind: Kind, value: string): boolean {
  return value.startsWith(PREFIXES[kind]);
}

/**
 * The stored form of a secret. It starts with the name of the algorithm, so that others can be added later.
 * One round of SHA-256 is enough: a secret of 256 random bits cannot be guessed, however fast the hash is.
 */
export function hashSecret(secret: string): string {
  return `sha256:${hash('sha256', secret, 'hex')}`;
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
