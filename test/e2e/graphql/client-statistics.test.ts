import { randomUUID } from 'node:crypto';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { change, create, page, STATS, succeed } from '../../support/graphql/graphql.js';
import { many } from '../../support/many.js';

const MS_PER_DAY = 86_400_000;

interface Stats {
  total: number;
  byClientType: { count: number }[];
  bySource: { count: number }[];
  byStatus: { count: number }[];
  createdPerDay: { date: string; count: number }[];
}

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  describe('totalCount', () => {
    const statements = (work: () => Promise<unknown>) => statementsOf(registry.dataSource, work);
    // Not of the rows of a page, which are read anyway
    const isCount = (statement: string) =>
      /\bCOUNT\s*\([^)]*\)(?! OVER)|oauth_client_counts/i.test(statement);

    it('is counted once if it is selected, on any page', async () => {
      const { apiKey, orgId } = await registry.createKey();
      for (let i = 0; i < 3; i++) await create(registry, apiKey);
      const query = `query ($orgId: String, $after: String) {
        oauthClients(first: 1, after: $after, filter: { orgId: $orgId }) { totalCount pageInfo { endCursor } } }`;
      const { oauthClients } = await succeed(registry, query, { orgId });
      const second = await succeed(registry, query, { orgId, after: oauthClients.pageInfo.endCursor });
      expect([oauthClients.totalCount, second.oauthClients.totalCount]).toEqual([3, 3]);
      expect((await statements(() => succeed(registry, query, { orgId }))).filter(isCount)).toHaveLength(1);
    });

    it('of all clients is read from the counters, and excludes deleted ones', async () => {
      const { apiKey } = await registry.createKey();
      await create(registry, apiKey);
      const query = '{ oauthClients(first: 1) { totalCount } }';
      const { oauthClients } = await succeed(registry, query);
      const [{ living }] = await registry.dataSource.query<[{ living: string }]>(
        'SELECT COUNT(*) AS living FROM oauth_clients WHERE deleted_at IS NULL',
      );
      expect(oauthClients.totalCount).toBe(Number(living));
      const counts = (await statements(() => succeed(registry, query))).filter(isCount);
      expect(counts).toEqual([expect.stringContaining('FROM oauth_client_counts')]);
    });

    it('is not counted if it is not selected', async () => {
      const { orgId } = await registry.createKey();
      const made = await statements(() => page(registry, { first: 10, filter: { orgId } }));
      expect(made.filter((statement) => statement.includes('oauth_clients'))).toHaveLength(1);
      expect(made.filter(isCount)).toEqual([]);
    });

    it('is not counted if a directive omits it', async () => {
      const query =
        'query ($is: Boolean!) { oauthClients(first: 1) { totalCount @include(if: $is) nodes { name } } }';
      expect((await statements(() => succeed(registry, query, { is: false }))).filter(isCount)).toEqual([]);
    });
  });

  describe('oauthClientStats', () => {
    const startOfToday = () => Math.floor(Date.now() / MS_PER_DAY) * MS_PER_DAY;
    const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const last30Days = (counts: Record<string, number>) =>
      many(30, (i) => dayOf(startOfToday() - (29 - i) * MS_PER_DAY)).map((date) => ({
        date,
        count: counts[date] ?? 0,
      }));

    it('counts what matches the filter by type, source, status, grant and day', async () => {
      const { apiKey, orgId } = await registry.createKey();
      const today = startOfToday();
      const at = (ms: number) => ({ createdAt: new Date(ms) });
      const firstDay = today - 29 * MS_PER_DAY;
      await create(registry, apiKey, {}, at(today));
      await create(registry, apiKey, { client_type: 'public' }, at(today - 1));
      await create(registry, apiKey, { client_type: 'public' }, { ...at(firstDay), status: 'disabled' });
      await create(
        registry,
        apiKey,
        {
          allowed_grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
          redirect_uris: ['https://example.com/callback'],
        },
        at(firstDay + MS_PER_DAY - 1),
      );
      // Older than what is shown by day, and still part of everything else
      await create(registry, apiKey, {}, at(firstDay - 1));
      const { body } = await registry.register({}, apiKey);
      await change(registry, body.client_id, at(today));
      expect(await succeed(registry, STATS, { filter: { orgId } })).toEqual({
        oauthClientStats: {
          total: 6,
          byClientType: [
            { clientType: 'PUBLIC', count: 2 },
            { clientType: 'CONFIDENTIAL', count: 4 },
          ],
          bySource: [
            { source: 'API', count: 5 },
            { source: 'DYNAMIC', count: 1 },
            { source: 'ADMIN', count: 0 },
          ],
          byStatus: [
            { status: 'ACTIVE', count: 5 },
            { status: 'DISABLED', count: 1 },
          ],
          byGrantType: [
            { grantType: 'CLIENT_CREDENTIALS', count: 5 },
            { grantType: 'AUTHORIZATION_CODE', count: 2 },
            { grantType: 'REFRESH_TOKEN', count: 1 },
          ],
          createdPerDay: last30Days({ [dayOf(today)]: 2, [dayOf(today - 1)]: 1, [dayOf(firstDay)]: 2 }),
        },
      });
    });

    it('is zero for every value and every day if nothing matches', async () => {
      expect(await succeed(registry, STATS, { filter: { orgId: randomUUID() } })).toEqual({
        oauthClientStats: {
          total: 0,
          byClientType: ['PUBLIC', 'CONFIDENTIAL'].map((clientType) => ({ clientType, count: 0 })),
          bySource: ['API', 'DYNAMIC', 'ADMIN'].map((source) => ({ source, count: 0 })),
          byStatus: ['ACTIVE', 'DISABLED'].map((status) => ({ status, count: 0 })),
          byGrantType: ['CLIENT_CREDENTIALS', 'AUTHORIZATION_CODE', 'REFRESH_TOKEN'].map((grantType) => ({
            grantType,
            count: 0,
          })),
          createdPerDay: last30Days({}),
        },
      });
    });

    it('counts every client of every organization without a filter', async () => {
      const { apiKey } = await registry.createKey();
      await create(registry, apiKey);
      await registry.register({});
      const stats: Stats = (await succeed(registry, STATS)).oauthClientStats;
      const total = await registry.rows('oauth_clients');
      const sum = (counts: { count: number }[]) => counts.reduce((all, { count }) => all + count, 0);
      expect({
        total: stats.total,
        types: sum(stats.byClientType),
        sources: sum(stats.bySource),
        statuses: sum(stats.byStatus),
        days: stats.createdPerDay.length,
      }).toEqual({ total, types: total, sources: total, statuses: total, days: 30 });
      expect(stats.createdPerDay.at(-1)?.count).toBeGreaterThanOrEqual(2);
    });

    it.each([
      ['type', { clientType: 'PUBLIC' }, 1],
      ['grant', { grantType: 'CLIENT_CREDENTIALS' }, 2],
      ['name', { nameContains: 'PUB%' }, 0],
      ['time', { createdBefore: '2001-01-01T00:00:00Z' }, 0],
    ])('takes the filter of oauthClients: %s', async (_, filter, total) => {
      const { apiKey, orgId } = await registry.createKey();
      await create(registry, apiKey, { name: 'Public', client_type: 'public' });
      await create(registry, apiKey, { name: 'Confidential' });
      const stats: Stats = (await succeed(registry, STATS, { filter: { orgId, ...filter } }))
        .oauthClientStats;
      expect([stats.total, stats.createdPerDay.at(-1)?.count]).toEqual([total, total]);
    });
  });
});
