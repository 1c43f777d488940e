import { GrantEntity } from '../../../src/authorization/grants/grant.entity.js';
import { newId } from '../../../src/database/id.js';
import * as Operation from '../../operator/operations.js';
import { authorizationOf } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Operator } from '../../support/graphql/operator.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { Registry } from '../../support/registry.js';

/** Revoked grants, beside one that is active. */
const REVOKED = 2_000;

onEachEngine((engine) => {
  let registry: Registry;
  let operator: Operator;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    operator = new Operator(registry);
  });
  afterAll(() => registry.stop());
  const { register, aCode } = authorizationOf(() => registry);

  /** How the database goes about the statements of some work that read a table. */
  async function plansOf(table: string, work: () => Promise<unknown>): Promise<string[]> {
    const statements = await statementsOf(registry.dataSource, work);
    const reads = statements.filter((sql) => new RegExp(`^SELECT[^]* FROM "?${table}\\b`).test(sql));
    return registry.dataSource.transaction(async (manager) => {
      // Tables of few rows would be read as a whole
      if (engine === 'postgres') await manager.query('SET LOCAL enable_seqscan = off');
      const plans: string[] = [];
      for (const sql of reads) {
        const plan = await manager.query<object[]>(
          engine === 'sqlite'
            ? `EXPLAIN QUERY PLAN ${sql.replace(/:\w+|\?/g, '1')}`
            : `EXPLAIN (GENERIC_PLAN) ${sql}`,
        );
        plans.push(JSON.stringify(plan));
      }
      return plans;
    });
  }

  describe('of a user who has revoked thousands of grants', () => {
    let apiKey: string;
    let of: { orgId: string; userId: string; clientId: string };
    beforeAll(async () => {
      const client = await register();
      const key = await registry.createKey({ userId: 'undecided' });
      apiKey = key.apiKey;
      of = { orgId: key.orgId, userId: 'undecided', clientId: client.id };
      const grants = Array.from({ length: REVOKED }, () => {
        const now = new Date();
        return { id: newId(), ...of, scopes: {}, createdAt: now, lastUsedAt: null, revokedAt: now };
      });
      const repository = registry.dataSource.getRepository(GrantEntity);
      while (grants.length > 0) await repository.insert(grants.splice(0, 500));
      await aCode(client, apiKey);
      await registry.dataSource.query('ANALYZE oauth_grants');
    });
    const list = (filter: Operation.OAuthGrantFilter) =>
      operator.do(Operation.ListGrantsDocument, { filter, first: 20 });

    it.each<[string, () => Promise<unknown>]>([
      ['their list', () => registry.send('/v2/oauth/grants', { method: 'GET', key: apiKey })],
      [
        'a later page of it',
        () => registry.send('/v2/oauth/grants?page[number]=3', { method: 'GET', key: apiKey }),
      ],
      ['the list of the user', () => list({ orgId: of.orgId, userId: of.userId })],
      ['the list of the organization', () => list({ orgId: of.orgId })],
      ['the list of the client', () => list({ clientId: of.clientId })],
      [
        'the grants of clients',
        () => operator.do(Operation.ReadClientGrantsDocument, { clientId: of.clientId }),
      ],
      // Last, since none is active any more
      ['a revocation of all', () => operator.do(Operation.RevokeGrantsDocument, { orgId: of.orgId })],
    ])('%s reads the active ones alone', async (_, work) => {
      const plans = await plansOf('oauth_grants', work);
      expect(plans.length).toBeGreaterThan(0);
      for (const plan of plans) {
        expect(plan).toMatch(/oauth_grants_(owner|org_id|active_client_id)\b/);
        expect(plan).not.toMatch(/oauth_grants_client_id\b/);
      }
    });

    it('the indexes of lists do not contain the revoked ones', async () => {
      const indexes = await registry.dataSource.query<{ name: string; sql: string }[]>(
        engine === 'sqlite'
          ? `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'oauth_grants' AND sql IS NOT NULL`
          : `SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE tablename = 'oauth_grants'`,
      );
      const ofActive = indexes.filter(({ sql }) => /revoked_at"?\)? IS NULL/.test(sql));
      expect(ofActive.map(({ name }) => name).sort()).toEqual([
        'oauth_grants_active',
        'oauth_grants_active_client_id',
        'oauth_grants_org_id',
        'oauth_grants_owner',
      ]);
    });
  });
});
