import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecretFile, readSecretFile } from '../../../../src/authorization/keys/secret-file.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-secret-'));
  path = join(directory, 'secret');
});
afterEach(() => rm(directory, { recursive: true }));

const modeOf = async () => (await stat(path)).mode & 0o777;

it('A secret is created once, for its owner alone, and leaves no other file', async () => {
  expect(() => readSecretFile(path)).toThrow(`there is no file ${path}`);
  createSecretFile(path);
  const secret = readSecretFile(path);
  expect([secret.length >= 32, await readFile(path, 'utf8'), await modeOf()]).toEqual([true, secret, 0o600]);
  createSecretFile(path);
  expect(readSecretFile(path)).toBe(secret);
  expect(await readdir(directory)).toEqual(['secret']);
});

it.each(['', 'x'.repeat(31)])('A file with "%s" is no secret, and stays as it is', async (text) => {
  await writeFile(path, text);
  expect(() => readSecretFile(path)).toThrow(/^\S+ has fewer than 32 characters\. Restore it/);
  expect(await readFile(path, 'utf8')).toBe(text);
});

it('A secret that others can read or write is restricted to its owner', async () => {
  createSecretFile(path);
  const secret = readSecretFile(path);
  await chmod(path, 0o666);
  expect([readSecretFile(path), await modeOf()]).toEqual([secret, 0o600]);
});
