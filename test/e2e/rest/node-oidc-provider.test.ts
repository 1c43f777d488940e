import { createHash, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { onEachEngine } from '../../support/databases.js';
import { freePort } from '../../support/network/free-port.js';
import { Program } from '../../support/process.js';
import { aClient, Registry } from '../../support/registry.js';

const EXAMPLE = resolve('examples/node-oidc-provider/server.js');

onEachEngine((engine) => {
  let registry: Registry;
  let server: Program;
  let issuer: string;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    const { apiKey } = await registry.createKey({ role: 'service' });
    issuer = `http://127.0.0.1:${await freePort()}`;
    const env = { ISSUER: issuer, REGISTRY_URL: registry.url, SERVICE_KEY: apiKey };
    server = new Program(EXAMPLE, { cwd: tmpdir(), env });
    await server.says(/Listening on/);
  });
  afterAll(async () => {
    await server.stop();
    await registry.stop();
  });

  const askForToken = async (parameters: Record<string, string>, basic?: string) => {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }),
      headers: basic === undefined ? {} : { authorization: `Basic ${btoa(basic)}` },
    });
    const body = (await response.json()) as { access_token?: string; error?: string };
    return { status: response.status, body };
  };

  /** When the client was last used, once that is known. */
  const reportedUse = async (id: string): Promise<string | null> => {
    for (let i = 0; i < 300; i++) {
      const query = `query ($id: ID!) { oauthClient(clientId: $id) { lastUsedAt } }`;
      const { lastUsedAt } = (await registry.graphql(query, { id })).body.data.oauthClient;
      if (lastUsedAt !== null) return lastUsedAt as string;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return null;
  };

  it('a client of the registry gets a token with any of its valid secrets, and with no other', async () => {
    const { apiKey: key } = await registry.createKey();
    const { data } = (await registry.createClient(aClient({ allowed_scopes: ['invoices'] }), key)).body as {
      data: { client_id: string; client_secret: string };
    };
    const secrets = `/v2/oauth/clients/${data.client_id}/secrets`;
    const second = (await registry.send(secrets, { body: {}, key })).body.data as {
      id: string;
      client_secret: string;
    };
    const askWith = async (secret: string) =>
      (await askForToken({ scope: 'invoices' }, `${data.client_id}:${secret}`)).status;
    expect(await askWith(data.client_secret)).toBe(200);
    expect(await askWith(second.client_secret)).toBe(200);
    expect(await askWith('guessed')).toBe(401);
    const inBody = await askForToken({ client_id: data.client_id, client_secret: data.client_secret });
    expect(inBody).toMatchObject({ status: 200, body: { access_token: expect.any(String) } });

    await registry.send(`${secrets}/${second.id}`, { method: 'DELETE', key });
    expect(await askWith(second.client_secret)).toBe(401);
    expect(await askWith(data.client_secret)).toBe(200);
    await registry.send(`/v2/oauth/clients/${data.client_id}`, { method: 'DELETE', key });
    const gone = await askForToken({}, `${data.client_id}:${data.client_secret}`);
    expect(gone).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  it('a client gets its own scopes only, and none of them if it has none', async () => {
    const { apiKey: key } = await registry.createKey();
    const ask = async (allowed_scopes: string[], scope: string) => {
      const { data } = (await registry.createClient(aClient({ allowed_scopes }), key)).body as {
        data: { client_id: string; client_secret: string };
      };
      const { status, body } = await askForToken({ scope }, `${data.client_id}:${data.client_secret}`);
      return [status, body.error];
    };
    expect(await ask(['invoices:read'], 'invoices:read')).toEqual([200, undefined]);
    expect(await ask(['invoices:read'], 'invoices')).toEqual([400, 'invalid_scope']);
    expect(await ask([], 'invoices')).toEqual([400, 'invalid_scope']);
  });

  it('a confidential client must use PKCE if the registry says so', async () => {
    const { apiKey: key } = await registry.createKey();
    const authorize = async (require_pkce: boolean) => {
      const client = aClient({
        allowed_grant_types: ['authorization_code'],
        allowed_scopes: ['openid'],
        redirect_uris: ['https://app.example/cb'],
        require_pkce,
      });
      const { data } = (await registry.createClient(client, key)).body as { data: { client_id: string } };
      const query = new URLSearchParams({
        client_id: data.client_id,
        redirect_uri: 'https://app.example/cb',
        response_type: 'code',
        scope: 'openid',
      });
      const response = await fetch(`${issuer}/auth?${query.toString()}`, { redirect: 'manual' });
      await response.text();
      return response.headers.get('location');
    };
    expect(await authorize(false)).toMatch(/\/interaction\//);
    expect(await authorize(true)).toMatch(/^https:\/\/app\.example\/cb\?error=invalid_request&/);
  });

  it('an anonymous client gets no token for itself until an administrator verifies it', async () => {
    const { client_id: id, client_secret } = (
      await registry.register({ grant_types: ['client_credentials'], scope: 'invoices' })
    ).body as { client_id: string; client_secret: string };
    const ask = async () => {
      const { status, body } = await askForToken({ scope: 'invoices' }, `${id}:${client_secret}`);
      return [status, body.error];
    };
    // The error that oidc-provider has for other grant types
    expect(await ask()).toEqual([400, 'invalid_request']);
    await registry.graphql(
      `mutation { setOAuthClientVerified(clientId: "${id}", verified: true) { client { clientId } } }`,
    );
    expect(await ask()).toEqual([200, undefined]);
  });

  it('software that registered itself signs its assertions', async () => {
    const { apiKey } = await registry.createKey();
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const { client_id: id } = (
      await registry.register(
        {
          grant_types: ['client_credentials'],
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] },
        },
        apiKey,
      )
    ).body as { client_id: string };
    const client_assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey);
    const { status, body } = await askForToken({
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    expect([status, body]).toEqual([200, expect.objectContaining({ access_token: expect.any(String) })]);
    // The registry did not authenticate it
    expect(await reportedUse(id)).toEqual(expect.any(String));
  });

  it('a client that gets no token stays unused', async () => {
    const { apiKey } = await registry.createKey();
    const redirect_uri = 'https://app.example/cb';
    const { client_id: id, client_secret } = (await registry.register({ redirect_uris: [redirect_uri] }))
      .body as { client_id: string; client_secret: string };
    const parameters = { grant_type: 'authorization_code', code: 'guessed', redirect_uri };
    const { status, body } = await askForToken(parameters, `${id}:${client_secret}`);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
    const { data } = (await registry.createClient(aClient({ allowed_scopes: ['openid'] }), apiKey)).body as {
      data: { client_id: string; client_secret: string };
    };
    expect((await askForToken({}, `${data.client_id}:${data.client_secret}`)).status).toBe(200);
    // Uses are reported in order
    expect(await reportedUse(data.client_id)).toEqual(expect.any(String));
    const query = `query ($id: ID!) { oauthClients(filter: { ids: [$id], unused: true }) { totalCount } }`;
    expect((await registry.graphql(query, { id })).body.data.oauthClients.totalCount).toBe(1);
  });

  it('an MCP client that registered itself is sent to sign in, and to its own redirect URI only', async () => {
    const { client_id } = (
      await registry.register({
        redirect_uris: ['http://127.0.0.1:8080/callback'],
        token_endpoint_auth_method: 'none',
      })
    ).body as { client_id: string };
    const authorize = async (redirect_uri: string) => {
      const challenge = createHash('sha256').update('verifier'.repeat(8)).digest('base64url');
      const query = new URLSearchParams({
        client_id,
        redirect_uri,
        response_type: 'code',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        scope: 'openid',
      });
      const response = await fetch(`${issuer}/auth?${query.toString()}`, { redirect: 'manual' });
      await response.text();
      return [response.status, response.headers.get('location')];
    };
    expect(await authorize('http://127.0.0.1:9090/callback')).toEqual([
      303,
      expect.stringMatching(/\/interaction\//),
    ]);
    expect(await authorize('https://evil.example/callback')).toEqual([400, null]);
  });
});
