import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildConsole } from '../../support/console/built-console.js';
import { Registry } from '../../support/registry.js';

describe('/', () => {
  let built: Awaited<ReturnType<typeof buildConsole>>;
  beforeAll(async () => {
    built = await buildConsole();
  });
  afterAll(() => built.remove());

  const open = async (
    env: Record<string, string>,
    headers: Record<string, string>,
    directory = built.directory,
  ) => {
    const registry = await Registry.start('sqlite', env, {}, undefined, directory);
    try {
      const response = await fetch(registry.url, { headers, redirect: 'manual' });
      return { response, text: await response.text(), url: registry.url };
    } finally {
      await registry.stop();
    }
  };
  const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  it.each([
    [{}, '/admin'],
    [{ ADMIN_CONSOLE: 'off' }, '/docs'],
    [{ PUBLIC_URL: 'https://registry.example/base' }, 'https://registry.example/base/admin'],
  ])('%j: sends a browser to %s', async (env, location) => {
    const { response } = await open(env, BROWSER);
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe(location);
    expect(response.headers.get('vary')).toMatch(/accept/i);
  });

  it('answers a program with links', async () => {
    const { response, text, url } = await open({}, { accept: '*/*' });
    expect(response.status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      clients: `${url}/v2/oauth/clients`,
      registration: `${url}/v2/oauth/register`,
      graphql: `${url}/graphql`,
      console: `${url}/admin`,
      documentation: `${url}/docs`,
      openapi: `${url}/openapi.json`,
      health: `${url}/health/ready`,
    });
  });

  it('has no link to a console that is off', async () => {
    const { text } = await open({ ADMIN_CONSOLE: 'off' }, {});
    expect(JSON.parse(text)).not.toHaveProperty('console');
  });

  it('does not redirect to a console that is not built', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'registry-no-console-'));
    const { response } = await open({}, BROWSER, directory);
    const { text } = await open({}, {}, directory);
    await rm(directory, { recursive: true });
    expect(response.headers.get('location')).toBe('/docs');
    expect(JSON.parse(text)).not.toHaveProperty('console');
  });
});
