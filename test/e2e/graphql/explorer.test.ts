import { runInNewContext } from 'node:vm';
import { Registry } from '../../support/registry.js';
import { NAMES } from '../../support/graphql/graphql.js';
import { INTERNALS, INTERNALS_OF_PAGES } from '../../support/replies/leaks.js';

describe('the explorer', () => {
  const MODES: [string, Record<string, string>, boolean][] = [
    ['on in development', { NODE_ENV: 'development' }, true],
    [
      'off in development with GRAPHQL_EXPLORER=off',
      { NODE_ENV: 'development', GRAPHQL_EXPLORER: 'off' },
      false,
    ],
    ['off in production', { NODE_ENV: 'production' }, false],
    ['on in production with GRAPHQL_EXPLORER=on', { NODE_ENV: 'production', GRAPHQL_EXPLORER: 'on' }, true],
  ];

  describe.each(MODES)('is %s', (_, env, isOn) => {
    let registry: Registry;
    beforeAll(async () => {
      registry = await Registry.start('sqlite', env);
    });
    afterAll(() => registry.stop());

    const getPage = () => registry.send('/graphql', { method: 'GET', headers: { accept: 'text/html' } });

    it('as a page at the endpoint', async () => {
      const { status, headers, text } = await getPage();
      const isPage = headers.get('content-type')?.startsWith('text/html') ?? false;
      expect({ isPage, isOk: status === 200, isRefused: status >= 400 && status < 500 }).toEqual({
        isPage: isOn,
        isOk: isOn,
        isRefused: !isOn,
      });
      expect(text).not.toMatch(isOn ? INTERNALS_OF_PAGES : INTERNALS);
    });

    it('with what the page loads, all of it from here', async () => {
      if (!isOn) {
        for (const asset of ['', 'index.html', 'main.js', 'styles.css']) {
          const answer = await registry.send(`/graphql/explorer/${asset}`, { method: 'GET' });
          expect(answer).toMatchObject({ status: 404, body: { error: 'not_found' } });
        }
        return;
      }
      const { text } = await getPage();
      const base = /<base href="([^"]*)"/.exec(text)?.[1] ?? '/graphql';
      const links = [...text.matchAll(/<(?:script|link|img|iframe)\b[^>]*?\s(?:src|href)="([^"]+)"/g)].map(
        ([, link]) => new URL(link ?? '', new URL(base, registry.url)),
      );
      expect(links.length).toBeGreaterThan(0);
      for (const link of links) {
        expect(link.href).toContain(`${registry.url}/graphql/explorer/`);
        expect(await registry.send(link.pathname, { method: 'GET' })).toMatchObject({ status: 200 });
      }
    });

    it('with a first query that can be sent once the key is in the header', async () => {
      const { status, text } = await registry.send('/graphql/explorer/start.js', { method: 'GET' });
      expect(status).toBe(isOn ? 200 : 404);
      if (!isOn) return;
      let started: { initialQuery?: string; initialHeaders?: object } = {};
      const AltairGraphQL = { init: (options: typeof started) => (started = options) };
      runInNewContext(text, { AltairGraphQL, location: new URL(`${registry.url}/graphql`) });
      expect({ ...started.initialHeaders }).toEqual({ Authorization: 'Bearer YOUR_API_KEY' });
      expect((await registry.graphql(started.initialQuery!)).body).toEqual({
        data: { oauthClients: { totalCount: expect.any(Number), nodes: expect.any(Array) } },
      });
    });

    it('with introspection', async () => {
      const { status, body } = await registry.graphql('{ __schema { queryType { name } } }');
      expect(isOn ? { status, data: body.data } : { status, code: body.errors?.[0].extensions.code }).toEqual(
        isOn
          ? { status: 200, data: { __schema: { queryType: { name: 'Query' } } } }
          : { status: 400, code: 'GRAPHQL_VALIDATION_FAILED' },
      );
      const type = await registry.graphql('{ __type(name: "OAuthClient") { fields { name } } }');
      expect(type.status).toBe(isOn ? 200 : 400);
    });

    it.each<[string, string, object]>([
      ['a field', '{ oauthClientz { nodes { name } } }', {}],
      ['a nested field', '{ oauthClients { nodes { nam } } }', {}],
      ['an argument', '{ oauthClients(frist: 1) { nodes { name } } }', {}],
      ['a type', 'query ($f: OAuthClientFilte) { oauthClients(filter: $f) { nodes { name } } }', {}],
      ['the type of a fragment', '{ ... on Quer { __typename } }', {}],
      ['an enum value', '{ oauthClients(orderBy: { field: NAM, direction: ASC }) { nodes { name } } }', {}],
      ['an input field', '{ oauthClients(filter: { orgI: "x" }) { nodes { name } } }', {}],
      ['an input field in a variable', NAMES, { filter: { orgI: 'x' } }],
      ['an enum value in a variable', NAMES, { filter: { clientType: 'PUBLI' } }],
    ])('with suggestions for a misspelled name: %s', async (_what, text, variables) => {
      const answer = await registry.graphql(text, variables);
      expect(answer.status).toBe(400);
      if (isOn) expect(answer.text).toContain('Did you mean');
      else expect(answer.text).not.toContain('Did you mean');
    });
  });
});
