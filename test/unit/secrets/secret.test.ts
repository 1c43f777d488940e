import { crc32 } from 'node:zlib';
import {
  generateCredential,
  generateSecret,
  generateSecretPair,
  hashSecret,
  looksLike,
  matchesHash,
  secretHint,
} from '../../../src/secrets/secret.js';

it.each([
  ['drawn alone', () => Array.from({ length: 200 }, generateSecret)],
  ['drawn in pairs', () => Array.from({ length: 100 }, generateSecretPair).flat()],
])('A secret is 256 random bits, and never the same: %s', (_, generate) => {
  const secrets = generate();
  expect(secrets.filter((secret) => !/^[\w-]{43}$/.test(secret))).toEqual([]);
  expect(secrets.map((secret) => Buffer.from(secret, 'base64url').length)).toEqual(Array(200).fill(32));
  expect(new Set(secrets).size).toBe(200);
});

it.each([
  ['apiKey', 'ocr_'],
  ['initialAccessToken', 'oci_'],
] as const)(
  'A credential is a prefix that names its kind, 256 random bits and their checksum: %s',
  (kind, prefix) => {
    const credentials = Array.from({ length: 200 }, () => generateCredential(kind));
    for (const credential of credentials) {
      const [, start, random, checksum] = /^(oc._)([\w-]{43})([0-9a-f]{8})$/.exec(credential)!;
      expect(start).toBe(prefix);
      expect(parseInt(checksum!, 16)).toBe(crc32(random!));
      expect(looksLike(kind, credential)).toBe(true);
      expect(looksLike(kind === 'apiKey' ? 'initialAccessToken' : 'apiKey', credential)).toBe(false);
    }
    expect(new Set(credentials.map((credential) => credential.slice(4, 47))).size).toBe(200);
  },
);

// The vectors of FIPS 180-4
it.each([
  ['', 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
])('A secret is stored as a hash that names its algorithm: %j', (secret, hash) => {
  expect(hashSecret(secret)).toBe(hash);
});

const SECRET = generateSecret();
const HASH = hashSecret(SECRET);

it.each([
  ['the secret', SECRET, HASH, true],
  ['another secret', generateSecret(), HASH, false],
  ['nothing', '', HASH, false],
  ['a secret with a character more', `${SECRET}x`, HASH, false],
  ['the hash itself', HASH, HASH, false],
  ['an empty hash', SECRET, '', false],
  ['a hash without its algorithm', SECRET, HASH.slice('sha256:'.length), false],
  ['a hash of another algorithm', SECRET, HASH.replace('sha256', 'sha512'), false],
  ['a hash that was cut off', SECRET, HASH.slice(0, -1), false],
  ['a hash with letters of as many characters but more bytes', SECRET, `${HASH.slice(0, -1)}é`, false],
])('Only the secret itself matches its hash: %s', (_, secret, hash, expected) => {
  expect(matchesHash(secret, hash)).toBe(expected);
});

it('A hint is the last four characters', () => {
  expect(secretHint(SECRET)).toBe(SECRET.slice(39));
});
