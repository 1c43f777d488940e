import { GrantEntity } from '../../../src/authorization/grants/grant.entity.js';
import { MAX_PASSED_ROWS } from '../../../src/database/sql/pages.js';
import { COUNT_PERIOD_MS } from '../../../src/clients/counts/client-count.entity.js';
import { ClientEntity } from '../../../src/clients/client/client.entity.js';
import { newId } from '../../../src/database/id.js';
import * as Operation from '../../operator/operations.js';
import { authorizationOf } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { many } from '../../support/many.js';
import { Operator } from '../../support/graphql/operator.js';
import { longReadsOf } from '../../support/measurements/long-reads.js';
import { plansOf } from '../../support/measurements/plans.js';
import { aClient, Registry } from '../../support/registry.js';

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
      const plans = await plansOf(registry.dataSource, 'oauth_grants', work);
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

  describe('of an organization with thousands of clients of one month, each with a grant', () => {
    /** As many as a read may pass over, and two pages of one. */
    const COUNT = MAX_PASSED_ROWS + 2;
    let apiKey: string;
    beforeAll(async () => {
      const key = await registry.createKey({ userId: 'busy' });
      apiKey = key.apiKey;
      const { body } = await registry.createClient(aClient(), apiKey);
      const first = await registry.dataSource
        .getRepository(ClientEntity)
        .findOneByOrFail({ id: body.data.client_id as string });
      const periodMs = Math.floor(Date.now() / COUNT_PERIOD_MS) * COUNT_PERIOD_MS;
      const clients = many(COUNT - 1, (i) => ({ ...first, id: newId(), createdAt: new Date(periodMs + i) }));
      const grants = [first, ...clients].map(({ id: clientId }) => ({
        ...{ id: newId(), clientId, orgId: key.orgId, userId: 'busy' },
        ...{ scopes: {}, createdAt: new Date(), lastUsedAt: null, revokedAt: null },
      }));
      const repositories = registry.dataSource;
      while (clients.length > 0)
        await repositories.getRepository(ClientEntity).insert(clients.splice(0, 500));
      while (grants.length > 0) await repositories.getRepository(GrantEntity).insert(grants.splice(0, 500));
    });

    it.each([
      ['their first grants', 'grants?page[size]=1', 1],
      ['grants of a later page', `grants?page[size]=1&page[number]=${COUNT - 1}`, 1],
      ['grants that others precede', `grants?page[size]=1&page[number]=${COUNT}`, 2],
      ['their first clients', 'clients?page[size]=1', 0],
      ['clients of a later page', `clients?page[size]=1&page[number]=${COUNT - 1}`, 0],
      ['clients that others precede', `clients?page[size]=1&page[number]=${COUNT}`, 1],
    ])('passes over thousands of rows in the scan queue alone: %s', async (_, path, reads) => {
      const list = () => registry.send(`/v2/oauth/${path}`, { method: 'GET', key: apiKey });
      const answer = await list();
      expect(answer.body).toMatchObject({ data: [expect.anything()], meta: { total_results: COUNT } });
      expect(await longReadsOf(list)).toBe(reads);
    });
  });
});
