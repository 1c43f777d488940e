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

  interface PageOf<T> {
    pageInfo: { hasNextPage: boolean; endCursor: string };
    nodes: T[];
  }
  interface Node {
    id?: string;
    secret?: { id: string };
  }
  interface Data {
    page?: PageOf<Node>;
    oauthClient?: { history: PageOf<Node> };
  }
  /** All pages of a list, each with less than a page may have. */
  const pagesOf = async (
    query: string,
    variables: object,
    pageIn: (data: Data) => PageOf<Node> | undefined,
  ) => {
    const nodes = [];
    for (let pages = 1, at = null; ; pages++) {
      const { text, body } = await registry.graphql(query, { ...variables, at });
      expect(body.errors).toBeUndefined();
      expect(text.length).toBeLessThan(1.2 * MAX_PAGE_BYTES);
      const page = pageIn(body.data as Data)!;
      nodes.push(...page.nodes);
      if (!page.pageInfo.hasNextPage || pages > 10) return { pages, nodes };
      at = page.pageInfo.endCursor;
    }
  };
  const list = (query: string) => registry.send(`/v2/oauth/clients?${query}`, { method: 'GET', key: apiKey });

  it.each(['page[size]=100', 'page[size]=100&filter[client_type]=confidential', 'page[size]=40'])(
    'REST: %s is rejected if it is larger than 1.5 MiB, and the error says how many clients fit',
    async (query) => {
      const { status, body } = await list(query);
      expect({ status, ...(body as object) }).toEqual({
        status: 400,
        error: 'invalid_request',
        error_description: 'The page is too large. Request a smaller page.',
        invalid_fields: {
          'page[size]': [
            expect.stringMatching(/^must be at most \d+ for this page, which is limited to 1\.5 MiB$/),
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
    'GraphQL: a page has as many clients as fit, and the next one continues after them: %s',
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

  it('GraphQL: a page of expiring secrets with their clients, too', async () => {
    const { body } = await list('page[size]=10');
    const more = await list('page[size]=10&page[number]=2');
    const others = await list('page[size]=10&page[number]=3');
    const clients = [body, more.body, others.body].flatMap(({ data }) => data as { client_id: string }[]);
    for (const { client_id } of clients) {
      const path = `/v2/oauth/clients/${client_id}/secrets`;
      const answer = await registry.send(path, { key: apiKey, body: { expire_others_in: 3_600 } });
      expect(answer.status).toBe(201);
    }
    const inTwoHours = new Date(Date.now() + 7_200_000).toISOString();
    const read = await pagesOf(
      `query ($at: String, $before: DateTime!) { page: expiringSecrets(first: 100, after: $at, before: $before) {
        pageInfo { hasNextPage endCursor } nodes { secret { id } client { redirectUris } } } }`,
      { before: inTwoHours },
      ({ page }) => page,
    );
    expect(read.pages).toBe(2);
    expect(new Set(read.nodes.map(({ secret }) => secret!.id)).size).toBe(clients.length);
  });

  describe('GraphQL: histories', () => {
    const EVENTS = 21;
    let clientId: string;
    beforeAll(async () => {
      [{ client_id: clientId }] = (await list('page[size]=1')).body.data;
      const path = `/v2/oauth/clients/${clientId}`;
      const events = async () => {
        const sql = `SELECT id FROM audit_events WHERE client_id = '${clientId}'`;
        return (await registry.dataSource.query<object[]>(sql)).length;
      };
      for (let i = await events(); i < EVENTS; i++) {
        const answer = await registry.send(path, { method: 'PUT', key: apiKey, body: { name: `name ${i}` } });
        expect(answer.status).toBe(200);
      }
      const changes = JSON.stringify([{ field: 'name', before: null, after: 'x'.repeat(100_000) }]);
      await registry.dataSource.query(`UPDATE audit_events SET changes = '${changes}'`);
    });
    const history = (args: string) =>
      `history(${args}) { pageInfo { hasNextPage endCursor } nodes { id changes { after } } }`;

    it('a page has as many events as fit, and the next one continues after them', async () => {
      const { pages, nodes } = await pagesOf(
        `query ($id: ID!, $at: String) { oauthClient(clientId: $id) { ${history('first: 100, after: $at')} } }`,
        { id: clientId },
        ({ oauthClient }) => oauthClient?.history,
      );
      expect(pages).toBe(2);
      expect(new Set(nodes.map(({ id }) => id)).size).toBe(EVENTS);
    });

    it('events of several clients share one page, with at least one event each', async () => {
      const { text, body } = await registry.graphql(
        `{ oauthClients(first: 10, filter: { orgId: "large" }) { nodes { clientId ${history('first: 30')} } } }`,
      );
      // The last event of each may exceed its share
      expect(text.length).toBeLessThan(1.5 * MAX_PAGE_BYTES);
      const { nodes } = body.data.oauthClients as { nodes: { clientId: string; history: PageOf<object> }[] };
      expect(nodes).toHaveLength(10);
      for (const { clientId: id, history: page } of nodes) {
        expect(page.nodes.length).toBeGreaterThan(0);
        if (id !== clientId) continue;
        expect(page.nodes).toHaveLength(2);
        expect(page.pageInfo.hasNextPage).toBe(true);
      }
    });

    it.each([
      [
        'histories',
        (i: number) => `a${i}: oauthClient(clientId: "${clientId}") { ${history('first: 100')} }`,
      ],
      ['clients', (i: number) => `a${i}: oauthClients(first: 100) { nodes { redirectUris } }`],
      ['audit events', (i: number) => `a${i}: auditEvents(first: 100) { nodes { changes { after } } }`],
    ])('pages of one operation have 4 MiB together: %s', async (_, field) => {
      const pages = (count: number) =>
        registry.graphql(`{ ${Array.from({ length: count }, (_each, i) => field(i)).join(' ')} }`);
      const { body } = await pages(2);
      expect(body.errors).toBeUndefined();
      const refused = await pages(10);
      const errors = refused.body.errors as { message: string; extensions: { code: string } }[];
      for (const { message, extensions } of errors) {
        expect([extensions.code, message]).toEqual([
          'QUERY_TOO_COMPLEX',
          'The pages of the operation have more than the 4 MiB allowed. Ask for fewer or smaller pages.',
        ]);
      }
      expect(refused.text.length).toBeLessThan(4.2 * 2 ** 20 + MAX_PAGE_BYTES);
    });
  });
});
