import { readFile } from 'node:fs/promises';
import { VARIABLES } from '../../src/config/variables.js';

it.each([
  ['README.md', '## Configuration'],
  ['docs/operations/deployment.md', '## Configure'],
])('%s names variables that the service reads', async (path, heading) => {
  const [, body = ''] = (await readFile(path, 'utf8')).split(`\n${heading}\n`);
  const [section = ''] = body.split('\n## ');
  const names = [...section.matchAll(/^\| ([^|]+) \|/gm)].flatMap(
    ([, cell]) => cell!.match(/(?<=`)[A-Z_]+(?=`)/g) ?? [],
  );
  expect(names.length).toBeGreaterThan(7);
  expect(names.filter((name) => !VARIABLES.includes(name))).toEqual([]);
});
