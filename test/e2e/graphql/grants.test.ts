import { randomUUID } from 'node:crypto';
import { GrantEntity } from '../../../src/authorization/grants/grant.entity.js';
import { TokenCountsService } from '../../../src/authorization/issuance/token-counts.service.js';
import { newId } from '../../../src/database/id.js';
import * as Operation from '../../operator/operations.js';
import { authorizationOf, type TestClient } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Operator, UNKNOWN_ID } from '../../support/graphql/operator.js';
import { Registry } from '../../support/registry.js';

/** More than one batch. */
const MANY = 2_000;

onEachEngine((engine) => {
  let registry: Registry;
  let operator: Operator;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    operator = new Operator(registry);
  });
  afterAll(() => registry.stop());
  const { introspect, register, aCode, refresh } = authorizationOf(() => registry);

  /** A user of a new organization, unless one is given, who has allowed the client; with the tokens. */
  async function aGrant(client: TestClient, orgId = `org-${randomUUID()}`, userId = `user-${randomUUID()}`) {
    const { apiKey } = await registry.createKey({ orgId, userId });
    const { body } = await (await aCode(client, apiKey)).exchange();
    return { orgId, userId, ...(body as { access_token: string; refresh_token: string }) };
  }
  const list = async (filter: Operation.OAuthGrantFilter, page: { first?: number; after?: string } = {}) =>
    (await operator.do(Operation.ListGrantsDocument, { filter, first: 20, ...page })).oauthGrants;
  const revokeAll = async (of: Operation.RevokeGrantsMutationVariables) =>
    (await operator.do(Operation.RevokeGrantsDocument, of)).revokeGrants;
  const isActive = async (token: string) => (await introspect(token)).body.active as boolean;

  /** Grants of other users, which have never used them. */
  async function insertGrants(client: TestClient, count: number): Promise<void> {
    const grants = Array.from({ length: count }, () => ({
      id: newId(),
      clientId: client.id,
      userId: randomUUID(),
      orgId: 'many',
      scopes: {},
      createdAt: new Date(),
      lastUsedAt: null,
      revokedAt: null,
    }));
    const repository = registry.dataSource.getRepository(GrantEntity);
    while (grants.length > 0) await repository.insert(grants.splice(0, 500));
  }

  it('lists a grant with its scopes and its last use', async () => {
    const client = await register();
    const { orgId, userId } = await aGrant(client);
    const expected = {
      id: expect.any(String) as string,
      clientId: client.id,
      userId,
      orgId,
      scopes: [{ resource: registry.url, scopes: ['read', 'write'] }],
      createdAt: expect.any(String) as string,
      lastUsedAt: expect.any(String) as string,
    };
    // Last uses are written in batches
    await new Promise((done) => setTimeout(done, 500));
    expect(await list({ clientId: client.id })).toMatchObject({ totalCount: 1, nodes: [expected] });
    const { oauthClient } = await operator.do(Operation.ReadClientGrantsDocument, { clientId: client.id });
    expect(oauthClient!.grants).toEqual({ totalCount: 1, nodes: [expected] });
  });

  it('filters by client, user and organization, and pages through the result', async () => {
    const client = await register();
    const other = await register();
    const orgId = `org-${randomUUID()}`;
    const userId = `user-${randomUUID()}`;
    await aGrant(client, orgId, userId);
    await aGrant(other, orgId, userId);
    await aGrant(client, orgId);
    await aGrant(client, undefined, userId);
    const count = async (filter: Operation.OAuthGrantFilter) => {
      const { totalCount, nodes } = await list(filter);
      expect(nodes).toHaveLength(totalCount);
      return totalCount;
    };
    expect(await count({ clientId: client.id })).toBe(3);
    expect(await count({ orgId })).toBe(3);
    expect(await count({ userId })).toBe(3);
    expect(await count({ userId, orgId })).toBe(2);
    expect(await count({ userId, orgId, clientId: other.id })).toBe(1);
    expect(await count({ orgId: 'unknown' })).toBe(0);
    const ids: string[] = [];
    for (let after: string | undefined; ;) {
      const { nodes, pageInfo } = await list({ orgId }, { first: 2, after });
      ids.push(...nodes.map(({ id }) => id));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor!;
    }
    expect(ids).toEqual((await list({ orgId })).nodes.map(({ id }) => id));
    expect(ids).toEqual([...ids].sort().reverse());
  });

  it('a revoked grant leaves the list, its tokens end at once, and the audit log has it', async () => {
    const client = await register();
    const tokens = await aGrant(client);
    const kept = await aGrant(client);
    const [, grant] = (await list({ clientId: client.id })).nodes;
    await operator.do(Operation.RevokeGrantDocument, { id: grant!.id });
    expect(await isActive(tokens.access_token)).toBe(false);
    expect((await refresh(client, tokens.refresh_token)).body.error).toBe('invalid_grant');
    expect(await isActive(kept.access_token)).toBe(true);
    expect((await list({ clientId: client.id })).nodes.map(({ userId }) => userId)).toEqual([kept.userId]);
    const [event] = await operator.events({ clientId: client.id });
    expect(event).toMatchObject({
      action: 'GRANT_REVOKED',
      targetId: grant!.id,
      channel: 'GRAPHQL',
      changes: [{ field: 'reason', before: null, after: 'administrator' }],
    });
    for (const id of [grant!.id, UNKNOWN_ID, 'x']) {
      expect(await operator.refused(Operation.RevokeGrantDocument, { id })).toEqual({ code: 'NOT_FOUND' });
    }
  });

  it('all grants of a client, a user or an organization are revoked, each with its event, and no others', async () => {
    const client = await register();
    const other = await register();
    const ofUser = await aGrant(client);
    const { orgId, userId } = ofUser;
    const elsewhere = await aGrant(client, undefined, userId);
    const ofOther = await aGrant(other, orgId, userId);
    expect(await revokeAll({ userId, orgId })).toEqual({ count: 2, hasMore: false });
    const areActive = async () =>
      Promise.all([ofUser, ofOther, elsewhere].map((grant) => isActive(grant.access_token)));
    expect(await areActive()).toEqual([false, false, true]);
    expect(await revokeAll({ clientId: client.id })).toEqual({ count: 1, hasMore: false });
    expect(await areActive()).toEqual([false, false, false]);
    expect(await revokeAll({ orgId })).toEqual({ count: 0, hasMore: false });
    const revoked = (await operator.actions(client.id)).filter((action) => action === 'GRANT_REVOKED');
    expect(revoked).toHaveLength(2);
  });

  it('all of many grants are revoked in calls of a few seconds, each of which says whether others are left', async () => {
    const client = await register();
    await insertGrants(client, MANY);
    let total = 0;
    for (let hasMore = true; hasMore;) {
      const since = performance.now();
      const call = await revokeAll({ clientId: client.id });
      expect(performance.now() - since).toBeLessThan(15_000);
      expect(call.count).toBeGreaterThan(0);
      ({ hasMore } = call);
      total += call.count;
      expect((await list({ clientId: client.id })).totalCount).toBe(MANY - total);
    }
    expect(total).toBe(MANY);
  });

  it('nothing is revoked without a client, a user or an organization', async () => {
    expect(await operator.refused(Operation.RevokeGrantsDocument, {})).toEqual({
      code: 'BAD_USER_INPUT',
      fields: ['clientId'],
    });
    const empty = { clientId: '' };
    expect((await operator.refused(Operation.RevokeGrantsDocument, empty)).code).toBe('BAD_USER_INPUT');
  });

  it('issued tokens are counted per day by grant type', async () => {
    const counts = async () => {
      const { tokensPerDay } = await operator.do(Operation.TokensPerDayDocument, { days: 2 });
      const today = tokensPerDay.at(-1)!;
      expect(tokensPerDay).toHaveLength(2);
      return Object.fromEntries(today.results.map(({ result, count }) => [result, count]));
    };
    const flush = () => registry.app.get(TokenCountsService, { strict: false }).flush();
    await flush();
    const before = await counts();
    const client = await register();
    const { refresh_token: refreshToken } = await aGrant(client);
    await refresh(client, refreshToken);
    // The same reply again is no other token
    await refresh(client, refreshToken);
    await refresh(client, 'ocf_unknown');
    await flush();
    expect(await counts()).toEqual({
      ...before,
      authorization_code: (before.authorization_code ?? 0) + 1,
      refresh_token: (before.refresh_token ?? 0) + 1,
    });
  });
});
