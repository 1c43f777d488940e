import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

interface Connection {
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

const ARGUMENTS = 'first: $first, after: $after, last: $last, before: $before';
const CLIENTS = (['CREATED_AT', 'UPDATED_AT', 'NAME'] as const).flatMap((field) =>
  (['ASC', 'DESC'] as const).map((direction): [string, string, string] => [
    `oauthClients by ${field} ${direction}`,
    `oauthClients(${ARGUMENTS}, orderBy: { field: ${field}, direction: ${direction} })`,
    'id: clientId',
  ]),
);
const LISTS: [name: string, field: string, id: string][] = [
  ...CLIENTS,
  ['apiKeys', `apiKeys(${ARGUMENTS})`, 'id'],
  ['initialAccessTokens', `initialAccessTokens(${ARGUMENTS})`, 'id'],
  ['auditEvents', `auditEvents(${ARGUMENTS})`, 'id'],
];

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    for (let n = 0; n < 7; n++) {
      await registry.createClient(aClient({ name: ['same', `other ${n}`][n % 2] }));
      await registry.createKey({ name: `key ${n}` });
      await registry.createInitialAccessToken({ name: `token ${n}` });
    }
  });
  afterAll(() => registry.stop());

  const answer = (field: string, id: string, variables: object) =>
    registry.graphql(
      `query ($first: Int, $after: String, $last: Int, $before: String) { list: ${field} {
        edges { cursor node { ${id} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      variables,
    );
  const read = async (field: string, id: string, variables: object): Promise<Connection> => {
    const { body } = await answer(field, id, variables);
    expect(body.errors).toBeUndefined();
    return body.data.list as Connection;
  };
  const ids = ({ edges }: Connection) => edges.map(({ node }) => node.id);

  it.each(LISTS)('%s is read from its end as from its start, page by page', async (_, field, id) => {
    const whole = ids(await read(field, id, { first: 100 }));
    expect(whole.length).toBeGreaterThanOrEqual(7);
    for (const last of [1, 3, 100]) {
      const pages: string[][] = [];
      let before: string | null = null;
      do {
        const page: Connection = await read(field, id, { last, before });
        pages.unshift(ids(page));
        expect(page.pageInfo).toEqual({
          hasNextPage: before !== null,
          hasPreviousPage: pages.flat().length < whole.length,
          startCursor: page.edges[0]!.cursor,
          endCursor: page.edges.at(-1)!.cursor,
        });
        before = page.pageInfo.hasPreviousPage ? page.pageInfo.startCursor : null;
      } while (before !== null);
      expect(pages.flat()).toEqual(whole);
    }
    const second = await read(field, id, {
      first: 2,
      after: (await read(field, id, { first: 2 })).pageInfo.endCursor,
    });
    const back = await read(field, id, { last: 2, before: second.pageInfo.startCursor });
    expect(ids(back)).toEqual(whole.slice(0, 2));
    expect(back.pageInfo.hasPreviousPage).toBe(false);
  });

  it.each<[string, object, string]>([
    ['before without last', { before: 'x' }, 'before'],
    ['after with last', { last: 2, after: 'x' }, 'after'],
    ['a cursor of another list', { last: 2, before: 'x' }, 'before'],
    ['no entry', { last: 0 }, 'last'],
    ['too many', { last: 101 }, 'last'],
  ])('is rejected: %s', async (_, variables, argument) => {
    for (const [, field, id] of LISTS) {
      const { body } = await answer(field, id, variables);
      expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
      expect(Object.keys(body.errors[0].extensions.invalid_fields as object)).toEqual([argument]);
    }
  });

  it('costs as much from the end as from the start', async () => {
    const nested = (size: string) =>
      registry.graphql(
        `{ oauthClients(${size}) { nodes { history(first: 100) { nodes { id actor { type id } } } } } }`,
      );
    for (const size of ['first: 100', 'last: 100', 'first: 1, last: 100']) {
      const { body } = await nested(size);
      expect([size, body.errors[0].extensions.code]).toEqual([size, 'QUERY_TOO_COMPLEX']);
    }
  });
});
