import { crc32 } from 'node:zlib';
import { generateSecret } from '../secrets/secret.js';

const PREFIX = 'ocr_';
const CHECKSUM_LENGTH = 8;

const checksum = (body: string) => crc32(body).toString(16).padStart(CHECKSUM_LENGTH, '0');

/**
 * A new API key: `ocr_`, 256 random bits, and a checksum. The prefix lets scanners find a key that leaked into a
 * repository, and the checksum lets them, and us, tell a key from a typing error without a look at the database.
 */
export function generateApiKey(): string {
  const body = generateSecret();
  return `${PREFIX}${body}${checksum(body)}`;
}

/** Whether the token may be a key: one with our prefix must have the right checksum, any other may be anything. */
export function mayBeApiKey(token: string): boolean {
  if (!token.startsWith(PREFIX)) return true;
  const body = token.slice(PREFIX.length, -CHECKSUM_LENGTH);
  return token.endsWith(checksum(body));
}
