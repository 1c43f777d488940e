import { crc32 } from 'node:zlib';
import { generateSecret } from '../secrets/secret.js';

const PREFIX = 'ocr_';
const CHECKSUM_LENGTH = 8;

const checksum = (body: string) => crc32(body).toString(16).padStart(CHECKSUM_LENGTH, '0');

/**
 * A new API key: `ocr_`, 256 random bits, and a checksum. The prefix lets scanners find a key that leaked into a
 * repository, and the checksum lets them tell a key from what only looks like one.
 */
export function generateApiKey(): string {
  const body = generateSecret();
  return `${PREFIX}${body}${checksum(body)}`;
}
