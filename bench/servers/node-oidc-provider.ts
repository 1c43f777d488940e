import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Adapter, type AdapterPayload, Provider } from 'oidc-provider';
import { openStatements } from './statements.js';

/**
 * The best known OpenID provider for Node.js, configured for dynamic registration and the grants that are measured: keys of its own,
 * everything else as it comes, and an adapter like the examples of its documentation.
 */
const { execute, prepare } = openStatements(process.env.DATABASE_URL!);
await execute(`CREATE TABLE models (
  id text NOT NULL, model text NOT NULL, payload text NOT NULL, grant_id text, user_code text, uid text,
  expires_at bigint, consumed_at bigint, PRIMARY KEY (id, model))`);

const upsert = prepare(`INSERT INTO models (id, model, payload, grant_id, user_code, uid, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (id, model) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
    user_code = excluded.user_code, uid = excluded.uid, expires_at = excluded.expires_at`);
const findBy = (column: string) =>
  prepare(`SELECT payload, consumed_at FROM models WHERE ${column} = $1 AND model = $2`);
const findById = findBy('id');
const findByUid = findBy('uid');
const findByUserCode = findBy('user_code');
const consume = prepare('UPDATE models SET consumed_at = $1 WHERE id = $2 AND model = $3');
const destroy = prepare('DELETE FROM models WHERE id = $1 AND model = $2');
const revokeByGrantId = prepare('DELETE FROM models WHERE grant_id = $1 AND model = $2');

class ModelAdapter implements Adapter {
  constructor(private readonly model: string) {}

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds?: number): Promise<void> {
    const { grantId = null, userCode = null, uid = null } = payload;
    const expiresAt = expiresInSeconds === undefined ? null : Date.now() + expiresInSeconds * 1000;
    await upsert(id, this.model, JSON.stringify(payload), grantId, userCode, uid, expiresAt);
  }

  find(id: string) {
    return this.read(findById, id);
  }

  findByUid(uid: string) {
    return this.read(findByUid, uid);
  }

  findByUserCode(userCode: string) {
    return this.read(findByUserCode, userCode);
  }

  async consume(id: string): Promise<void> {
    await consume(Date.now(), id, this.model);
  }

  async destroy(id: string): Promise<void> {
    await destroy(id, this.model);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await revokeByGrantId(grantId, this.model);
  }

  private async read(find: typeof findById, value: string): Promise<AdapterPayload | undefined> {
    const [row] = await find(value, this.model);
    if (!row) return undefined;
    const payload = JSON.parse(row.payload as string) as AdapterPayload;
    return row.consumed_at === null ? payload : { ...payload, consumed: true };
  }
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider('http://127.0.0.1', {
  adapter: ModelAdapter,
  features: {
    registration: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    devInteractions: { enabled: false },
  },
  // Those of the request, or it is rejected
  scopes: ['openid', 'offline_access', 'read', 'write'],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
  // Else only with the scope offline_access, which is OpenID Connect's
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  cookies: { keys: [randomBytes(32).toString('base64url')] },
});

type AuthorizationRequest = Record<
  'client_id' | 'redirect_uri' | 'scope' | 'code_challenge' | 'code_challenge_method',
  string
>;

/** A code that a user has allowed, without the pages that ask the user. */
provider.use(async (ctx, next) => {
  if (ctx.path !== '/allow') {
    await next();
    return;
  }
  const request = JSON.parse(await text(ctx.req)) as AuthorizationRequest;
  const client = (await provider.Client.find(request.client_id))!;
  const accountId = 'user';
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope(request.scope);
  const code = new provider.AuthorizationCode({
    accountId,
    client,
    grantId: await grant.save(),
    gty: 'authorization_code',
    redirectUri: request.redirect_uri,
    scope: request.scope,
    codeChallenge: request.code_challenge,
    codeChallengeMethod: request.code_challenge_method,
  });
  ctx.body = { code: await code.save() };
});

const server = provider.listen(0, '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
