import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const MAX_PAGE_BYTES = 1.5 * 2 ** 20;
const CLIENTS = 45;
const URIS = Array.from({ length: 30 }, (_, i) => `https://example.com/${i}/${'x'.repeat(1_900)}`);

onEachEngine((engine) => {
  let registry: Registry;
  let apiKey: string;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    ({ apiKey } = await registry.createKey({ orgId: 'large' }));
    for (let i = 0; i < CLIENTS; i++) {
      const client = aClient({
        name: `client ${i}`,
        allowed_grant_types: ['authorization_code'],
        redirect_uris: URIS,
      });
      expect((await registry.createClient(client, apiKey)).status).toBe(201);
    }
  }, 60_000);
  afterAll(() => registry.stop());

  const list = (query: string) => registry.send(`/v2/oauth/clients?${query}`, { method: 'GET', key: apiKey });

  it.each(['page[size]=100', 'page[size]=100&filter[client_type]=confidential', 'page[size]=40'])(
    'REST: %s is refused where it is larger than 1.5 MiB, and told how many clients fit',
    async (query) => {
      const { status, body } = await list(query);
      expect({ status, ...(body as object) }).toEqual({
        status: 400,
        error: 'invalid_request',
        error_description: 'The page is too large; ask for fewer clients at a time.',
        invalid_fields: {
          'page[size]': [
            expect.stringMatching(/^takes at most \d+ here: more clients are larger than 1\.5 MiB together$/),
          ],
        },
      });
    },
  );

  it('REST: pages of as many clients as fit are all of them', async () => {
    const fault = (await list('page[size]=100')).body.invalid_fields['page[size]'][0] as string;
    const fitting = Number(/\d+/.exec(fault)![0]);
    const names: string[] = [];
    for (let number = 1; number <= Math.ceil(CLIENTS / fitting); number++) {
      const { status, text, body } = await list(`page[size]=${fitting}&page[number]=${number}`);
      expect(status).toBe(200);
      expect(text.length).toBeLessThan(1.2 * MAX_PAGE_BYTES);
      names.push(...(body.data as { name: string }[]).map(({ name }) => name));
    }
    expect(names).toEqual(Array.from({ length: CLIENTS }, (_, i) => `client ${CLIENTS - 1 - i}`));
    expect((await list('')).body.data).toHaveLength(20);
  });

  it.each([
    ['forward', 'first: 100', 'after', 'hasNextPage', 'endCursor'],
    ['backward', 'last: 100', 'before', 'hasPreviousPage', 'startCursor'],
  ])(
    'GraphQL: a page has as many clients as fit, and the next goes on behind them: %s',
    async (direction, size, position, more, cursor) => {
      const names: string[] = [];
      let at: string | null = null;
      let pages = 0;
      do {
        const { text, body } = await registry.graphql(
          `query ($at: String) { oauthClients(${size}, ${position}: $at, filter: { orgId: "large" }) {
          pageInfo { ${more} ${cursor} } nodes { name redirectUris } } }`,
          { at },
        );
        expect(text.length).toBeLessThan(1.2 * MAX_PAGE_BYTES);
        const { nodes, pageInfo } = body.data.oauthClients;
        const page = (nodes as { name: string }[]).map(({ name }) => name);
        if (direction === 'forward') names.push(...page);
        else names.unshift(...page);
        at = pageInfo[more] ? (pageInfo[cursor] as string) : null;
        pages++;
      } while (at !== null && pages < CLIENTS);
      expect(pages).toBe(2);
      expect(names).toEqual(Array.from({ length: CLIENTS }, (_, i) => `client ${CLIENTS - 1 - i}`));
    },
  );

  it('GraphQL: a page of audit events, too', async () => {
    const changes = JSON.stringify([{ field: 'name', before: null, after: 'x'.repeat(100_000) }]);
    await registry.dataSource.query(`UPDATE audit_events SET changes = '${changes}'`);
    const ids = new Set<string>();
    let after: string | null = null;
    let pages = 0;
    do {
      const { text, body } = await registry.graphql(
        `query ($after: String) { auditEvents(first: 100, after: $after) {
          pageInfo { hasNextPage endCursor } nodes { id changes { after } } } }`,
        { after },
      );
      expect(text.length).toBeLessThan(1.2 * MAX_PAGE_BYTES);
      const { nodes, pageInfo } = body.data.auditEvents;
      for (const { id } of nodes as { id: string }[]) ids.add(id);
      after = pageInfo.hasNextPage ? (pageInfo.endCursor as string) : null;
      pages++;
    } while (after !== null && pages < 10);
    expect(pages).toBe(3);
    expect(ids.size).toBe(await registry.rows('audit_events'));
  });
});
