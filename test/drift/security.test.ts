import { readFile } from 'node:fs/promises';

/** The rows of all tables, without their headings. */
async function rows(): Promise<string[]> {
  const lines = (await readFile('SECURITY.md', 'utf8')).split('\n');
  return lines.filter((line) => line.startsWith('| ') && !/^\| (Attacker |-)/.test(line));
}

it('Every threat in SECURITY.md names existing tests', async () => {
  const missing: string[] = [];
  for (const row of await rows()) {
    const proofs = [...row.matchAll(/`(test\/[^`]+\.test\.ts)` ((?:"[^"]+"(?:, )?)+)/g)];
    if (proofs.length === 0) missing.push(row);
    for (const [, path, titles] of proofs) {
      const source = await readFile(path!, 'utf8');
      for (const [, title] of titles!.matchAll(/"([^"]+)"/g)) {
        const isThere = [`'${title}'`, `"${title}"`, `\`${title}\``].some((quoted) =>
          source.includes(quoted),
        );
        if (!isThere) missing.push(`${path}: ${title}`);
      }
    }
  }
  expect(missing).toEqual([]);
});
