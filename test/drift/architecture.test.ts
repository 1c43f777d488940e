import { readFileSync } from 'node:fs';
import { HTTP_PLUGINS } from '../../src/http/server.js';

/** The name that `fastify-plugin` keeps with a plugin. */
const PLUGIN_META = Symbol.for('plugin-meta');

it('the architecture page shows the HTTP plugins in the order of HTTP_PLUGINS', () => {
  const page = readFileSync('docs/development/architecture.md', 'utf8');
  const [, diagram = ''] = /subgraph fastify\[[^\n]*\n([^]*?)^ *end$/m.exec(page)!;
  const shown = [...diagram.matchAll(/\["([^"]*)"\]/g)].flatMap(([, names]) =>
    names!.split(',').map((name) => name.replace('<br/>', '').trim()),
  );
  const registered = HTTP_PLUGINS.map((plugin) => {
    const { [PLUGIN_META]: meta } = plugin as unknown as Record<symbol, { name: string }>;
    return meta!.name;
  });
  expect(shown).toEqual(registered);
});
