import { randomUUID } from 'node:crypto';
import { ClientEntity } from '../../../src/clients/client/client.entity.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { create, expectRefused, PAGE, type Page, page, succeed } from '../../support/graphql/graphql.js';
import { many } from '../../support/many.js';

type OrderField = 'CREATED_AT' | 'UPDATED_AT' | 'LAST_USED_AT' | 'NAME';
type Direction = 'ASC' | 'DESC';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  describe('the order of oauthClients', () => {
    /** Seven clients that tie in every field that can be ordered by, in an organization of their own. */
    async function tiedClients() {
      const { apiKey, orgId } = await registry.createKey();
      const clients: Record<'id' | OrderField, string>[] = [];
      for (const [name, created, updated, used] of [
        ['b', 1, 3, 2],
        ['a', 1, 2, null],
        ['c', 2, 3, 1],
        ['b', 2, 1, null],
        ['a', 2, 3, 2],
        ['c', 3, 1, null],
        ['b', 1, 2, 1],
      ] as const) {
        const createdAt = new Date(Date.UTC(2021, 0, created));
        const updatedAt = new Date(Date.UTC(2022, 0, updated));
        const lastUsedAt = used && new Date(Date.UTC(2023, 0, used));
        const id = await create(registry, apiKey, { name }, { createdAt, updatedAt, lastUsedAt });
        clients.push({
          id,
          NAME: name,
          CREATED_AT: createdAt.toISOString(),
          UPDATED_AT: updatedAt.toISOString(),
          // Never is before all times
          LAST_USED_AT: lastUsedAt?.toISOString() ?? '',
        });
      }
      return { orgId, clients };
    }

    const ORDERS = (['CREATED_AT', 'UPDATED_AT', 'LAST_USED_AT', 'NAME'] as const).flatMap((field) =>
      (['ASC', 'DESC'] as const).map((direction): [OrderField, Direction] => [field, direction]),
    );
    it.each(ORDERS)('%s %s holds over pages of any size, ties by clientId', async (field, direction) => {
      const { orgId, clients } = await tiedClients();
      const ascending = clients
        .map((client) => [client[field], client.id] as const)
        .sort(([a, idA], [b, idB]) => (a < b || (a === b && idA < idB) ? -1 : 1))
        .map(([, id]) => id);
      const expected = direction === 'ASC' ? ascending : ascending.reverse();
      for (const first of [1, 2, 3, 7, 100]) {
        const seen: string[] = [];
        let after: string | null = null;
        do {
          const { edges, nodes, pageInfo }: Page = await page(registry, {
            first,
            after,
            filter: { orgId },
            orderBy: { field, direction },
          });
          expect(nodes).toEqual(edges.map(({ node }) => node));
          expect(pageInfo).toEqual({
            hasNextPage: seen.length + edges.length < 7,
            hasPreviousPage: after !== null,
            startCursor: edges.at(0)?.cursor,
            endCursor: edges.at(-1)?.cursor,
          });
          seen.push(...nodes.map(({ clientId }) => clientId));
          after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
        } while (after !== null);
        expect(seen).toEqual(expected);
      }
    });

    it.each(ORDERS)('%s %s shows each client once while others are added', async (field, direction) => {
      const { apiKey, orgId } = await registry.createKey();
      const first = many(12, (i) => `${String.fromCharCode(98 + 2 * i)} client`);
      const before: string[] = [];
      for (const name of first) before.push(await create(registry, apiKey, { name }));
      const seen: string[] = [];
      let after: string | null = null;
      for (let round = 0; ; round++) {
        const { nodes, pageInfo }: Page = await page(registry, {
          first: 5,
          after,
          filter: { orgId },
          orderBy: { field, direction },
        });
        seen.push(...nodes.map(({ clientId }) => clientId));
        if (!pageInfo.hasNextPage) break;
        after = pageInfo.endCursor;
        // Before everything, after everything and, by name, next to what was just shown
        if (round < 3)
          for (const name of ['a', 'zz', `${nodes.at(-1)?.name} twin`])
            await create(registry, apiKey, { name });
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => before.includes(id))).toEqual(
        direction === 'ASC' ? before : before.toReversed(),
      );
    });

    it('continues after a client that was deleted in between', async () => {
      const { orgId, clients } = await tiedClients();
      const orderBy = { field: 'CREATED_AT', direction: 'ASC' };
      const whole = await page(registry, { first: 7, filter: { orgId }, orderBy });
      const { pageInfo } = await page(registry, { first: 3, filter: { orgId }, orderBy });
      await registry.dataSource.getRepository(ClientEntity).delete(whole.nodes[2]?.clientId ?? '');
      const rest = await page(registry, { first: 7, after: pageInfo.endCursor, filter: { orgId }, orderBy });
      expect(rest.nodes).toEqual(whole.nodes.slice(3));
      expect(clients).toHaveLength(7);
    });

    it('is the newest first, 20 a page, by default', async () => {
      const { apiKey, orgId } = await registry.createKey();
      const ids: string[] = [];
      for (let i = 0; i < 21; i++) ids.push(await create(registry, apiKey));
      const query = `query ($orgId: String) { oauthClients(filter: { orgId: $orgId }) {
        nodes { clientId } pageInfo { hasNextPage hasPreviousPage } } }`;
      expect(await succeed(registry, query, { orgId })).toEqual({
        oauthClients: {
          nodes: ids
            .toReversed()
            .slice(0, 20)
            .map((clientId) => ({ clientId })),
          pageInfo: { hasNextPage: true, hasPreviousPage: false },
        },
      });
    });

    it('is an empty page if nothing matches', async () => {
      expect(await page(registry, { first: 10, filter: { orgId: randomUUID() } })).toEqual({
        edges: [],
        nodes: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      });
    });

    it('is an empty page after the last client', async () => {
      const { orgId } = await tiedClients();
      const { pageInfo } = await page(registry, { first: 100, filter: { orgId } });
      expect(await page(registry, { first: 10, after: pageInfo.endCursor, filter: { orgId } })).toEqual({
        edges: [],
        nodes: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
      });
    });
  });

  describe('the arguments of oauthClients', () => {
    it.each([0, -1, 101, -2_147_483_648])('reject first: %d', async (first) => {
      expectRefused(
        await registry.graphql(`{ oauthClients(first: ${first}) { nodes { name } } }`),
        200,
        'BAD_USER_INPUT',
        ['first'],
      );
    });

    it.each(['1.5', '"5"', '2147483648', 'true', '[5]', 'FIVE'])('reject first: %s', async (first) => {
      expectRefused(
        await registry.graphql(`{ oauthClients(first: ${first}) { nodes { name } } }`),
        400,
        'GRAPHQL_VALIDATION_FAILED',
      );
    });

    it.each<[string, string]>([
      [
        'oauthClients(first: $n, orderBy: $order) { nodes { clientId } }',
        'oauthClients { nodes { clientId } }',
      ],
      [
        'oauthClients(first: 2) { nodes { history(first: $n) { nodes { id } } } }',
        'oauthClients(first: 2) { nodes { history { nodes { id } } } }',
      ],
      ['auditEvents(first: $n) { nodes { id } }', 'auditEvents { nodes { id } }'],
      ['registrationsPerDay(days: $n) { date }', 'registrationsPerDay { date }'],
    ])('null for a variable of a query is the default: %s', async (asked, byDefault) => {
      await create(registry, registry.adminKey);
      const declared = asked.includes('$order') ? '$n: Int, $order: OAuthClientOrder' : '$n: Int';
      const found = await succeed(registry, `query (${declared}) { ${asked} }`, { n: null, order: null });
      expect(found).toEqual(await succeed(registry, `{ ${byDefault} }`));
      expect(JSON.stringify(found)).toContain('"');
    });

    it('null for a variable of a mutation is the default: a dry run, the role member', async () => {
      const clientId = await create(registry, registry.adminKey);
      const { disableOAuthClients } = await succeed(
        registry,
        `mutation ($ids: [ID!], $dryRun: Boolean) {
          disableOAuthClients(filter: { ids: $ids }, dryRun: $dryRun) { count dryRun }
        }`,
        { ids: [clientId], dryRun: null },
      );
      expect(disableOAuthClients).toEqual({ count: 1, dryRun: true });
      const { createApiKey } = await succeed(
        registry,
        `mutation ($role: Role) {
          createApiKey(input: { name: "n", orgId: "o", userId: "u", role: $role }) { apiKey { role } }
        }`,
        { role: null },
      );
      expect(createApiKey.apiKey.role).toBe('MEMBER');
    });

    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const id = randomUUID();
    it.each([
      ['a word', 'x'],
      ['what is not base64', '!!! ###'],
      ['base64 of no JSON', Buffer.from('hello').toString('base64url')],
      ['base64 of null', encode(null)],
      ['base64 of an object', encode({})],
      ['base64 of an empty list', encode([])],
      ['a clientId', id],
      ['no id', encode(['createdAt', 'DESC', 1])],
      ['an id that is a number', encode(['createdAt', 'DESC', 1, 1])],
      ['an id that is an object', encode(['createdAt', 'DESC', 1, {}])],
      ['a time that is a word', encode(['createdAt', 'DESC', 'x', id])],
      ['a time that is a number in a string', encode(['createdAt', 'DESC', '1', id])],
      ['a time that is a fraction', encode(['createdAt', 'DESC', 1.5, id])],
      ['a time out of range', encode(['createdAt', 'DESC', 1e300, id])],
      ['a time that is null', encode(['createdAt', 'DESC', null, id])],
      ['a field that does not exist', encode(['hash', 'DESC', 1, id])],
      ['SQL for a field', encode(['createdAt" --', 'DESC', 1, id])],
      ['SQL for a direction', encode(['createdAt', 'DESC; DROP TABLE oauth_clients', 1, id])],
      ['4,097 characters', 'a'.repeat(4_097)],
      ['50,000 characters', 'a'.repeat(50_000)],
    ])('reject an invalid cursor: %s', async (_, after) => {
      const query = 'query ($after: String) { oauthClients(first: 1, after: $after) { nodes { name } } }';
      expectRefused(await registry.graphql(query, { after }), 200, 'BAD_USER_INPUT', ['after']);
    });

    it.each<[string, OrderField, Direction, unknown[]]>([
      ['an id with NUL', 'CREATED_AT', 'DESC', ['createdAt', 'DESC', 1, '\0']],
      ['an id with a lone surrogate', 'CREATED_AT', 'DESC', ['createdAt', 'DESC', 1, '\ud800']],
      ['a name with NUL', 'NAME', 'ASC', ['name', 'ASC', 'a\0b', id]],
      ['a name with a lone surrogate', 'NAME', 'ASC', ['name', 'ASC', '\ud800', id]],
      ['a time before all time', 'CREATED_AT', 'ASC', ['createdAt', 'ASC', -(2 ** 53) + 1, id]],
      ['a time after all time', 'CREATED_AT', 'DESC', ['createdAt', 'DESC', 2 ** 53 - 1, id]],
    ])('never fail for a forged cursor: %s', async (_, field, direction, cursor) => {
      const { status, body } = await registry.graphql(PAGE, {
        first: 1,
        after: encode(cursor),
        orderBy: { field, direction },
      });
      expect(status).toBe(200);
      expect([undefined, 'BAD_USER_INPUT']).toContain(body.errors?.[0].extensions.code);
    });

    it.each<[string, OrderField, Direction]>([
      ['another field', 'UPDATED_AT', 'DESC'],
      ['another field with a time', 'LAST_USED_AT', 'DESC'],
      ['a field of another type', 'NAME', 'DESC'],
      ['the other direction', 'CREATED_AT', 'ASC'],
    ])('reject a cursor of another order: %s', async (_, field, direction) => {
      const { apiKey, orgId } = await registry.createKey();
      for (let i = 0; i < 2; i++) await create(registry, apiKey);
      const { pageInfo } = await page(registry, { first: 1, filter: { orgId } });
      const variables = {
        first: 1,
        after: pageInfo.endCursor,
        filter: { orgId },
        orderBy: { field, direction },
      };
      expectRefused(await registry.graphql(PAGE, variables), 200, 'BAD_USER_INPUT', ['after']);
    });

    it('are all named in one reply if they are invalid', async () => {
      const query = `query ($after: String, $filter: OAuthClientFilter) {
        oauthClients(first: 0, after: $after, filter: $filter) { nodes { name } } }`;
      const filter = { orgId: '', nameContains: 'a'.repeat(256) };
      expectRefused(
        await registry.graphql(query, { after: 'a'.repeat(4_097), filter }),
        200,
        'BAD_USER_INPUT',
        ['first', 'after', 'filter.orgId', 'filter.nameContains'],
      );
    });

    it.each([
      ['a field that does not exist', '{ field: SECRET, direction: ASC }'],
      ['no direction', '{ field: NAME }'],
      ['no field', '{ direction: ASC }'],
      ['a string', '"NAME"'],
    ])('reject an order of %s', async (_, orderBy) => {
      expectRefused(
        await registry.graphql(`{ oauthClients(orderBy: ${orderBy}) { nodes { name } } }`),
        400,
        'GRAPHQL_VALIDATION_FAILED',
      );
    });
  });
});
