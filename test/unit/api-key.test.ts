import { crc32 } from 'node:zlib';
import { generateApiKey } from '../../src/auth/api-key.js';

it('A key is ocr_, 256 random bits and their checksum', () => {
  const keys = Array.from({ length: 200 }, generateApiKey);
  for (const key of keys) {
    const [, random, checksum] = /^ocr_([\w-]{43})([0-9a-f]{8})$/.exec(key)!;
    expect(parseInt(checksum!, 16)).toBe(crc32(random!));
  }
  expect(new Set(keys.map((key) => key.slice(4, 47))).size).toBe(200);
});
