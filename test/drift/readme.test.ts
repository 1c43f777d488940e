import { readFile } from 'node:fs/promises';
import { VARIABLES } from '../../src/config/config.js';
import { ERROR_STATUS } from '../../src/errors/registry-error.js';

const README = readFile('README.md', 'utf8');

/** What stands in back quotes in the first cells of the tables of a section. */
async function firstCellsOf(section: string): Promise<string[]> {
  const [, body = ''] = (await README).split(`\n## ${section}\n`);
  const [own = ''] = body.split('\n## ');
  return [...own.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
}

it('README lists every variable that the service reads, and no other', async () => {
  expect((await firstCellsOf('Configuration')).sort()).toEqual([...VARIABLES].sort());
});

it('README lists every error code, and no other', async () => {
  const codes = (await firstCellsOf('Errors')).filter((name) => name !== 'error');
  expect(codes.sort()).toEqual(Object.keys(ERROR_STATUS).sort());
});

it('.env.example shows every variable', async () => {
  const example = await readFile('.env.example', 'utf8');
  expect(VARIABLES.filter((name) => !example.includes(`# ${name}=`))).toEqual([]);
});
