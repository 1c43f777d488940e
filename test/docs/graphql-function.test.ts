import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Registry } from '../support/registry.js';

const DEFINITION = /^graphql\(\) \{[^]*?^\}$/m;
const definitions = readdirSync('docs/guides')
  .map((name) => DEFINITION.exec(readFileSync(join('docs/guides', name), 'utf8'))?.[0])
  .filter((definition) => definition !== undefined);

describe('The shell function graphql', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start('sqlite');
  });
  afterAll(() => registry.stop());

  it('is the same on every page', () => {
    expect(definitions.length).toBeGreaterThan(1);
    expect(new Set(definitions).size).toBe(1);
  });

  it.each(['sh', 'bash'])(
    'takes quotes, backslashes, comments and text without an end of line in %s',
    async (shell) => {
      const request = '# "quotes", \\ and comments\n{ viewer { name } } # and no end of line';
      // curl prints what it would send
      const script = `curl() { cat; }\nREGISTRY= API_KEY=\n${definitions[0]}\nprintf %s "$REQUEST" | graphql`;
      const { stdout } = await promisify(execFile)(shell, ['-c', script], {
        env: { PATH: process.env.PATH, REQUEST: request },
      });
      const { status, body } = await registry.send('/graphql', { body: stdout, key: registry.adminKey });
      expect({ status, body }).toEqual({ status: 200, body: { data: { viewer: { name: 'bootstrap' } } } });
    },
  );
});
