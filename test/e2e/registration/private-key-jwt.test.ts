import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

const CALLBACK = ['https://example.com/callback'];
const JWKS = {
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  ],
};

/** Software that signs assertions with a key of its own. */
const SIGNING = {
  token_endpoint_auth_method: 'private_key_jwt',
  jwks_uri: 'https://example.com/jwks.json',
  token_endpoint_auth_signing_alg: 'ES256',
  redirect_uris: CALLBACK,
};

interface Registered {
  client_id: string;
  client_secret?: string;
  registration_access_token: string;
}

onEachEngine((engine) => {
  const byProfile: Record<string, Registry> = {};
  let registry: Registry;
  beforeAll(async () => {
    for (const profile of ['strict', 'registered', 'lenient']) {
      byProfile[profile] = await Registry.start(engine, { REGISTRATION_METADATA: profile });
    }
    registry = byProfile.registered!;
  });
  afterAll(async () => {
    for (const each of Object.values(byProfile)) await each.stop();
  });

  const validSecrets = async (clientId: string) => {
    const rows = await registry.dataSource.query<{ id: string }[]>(
      `SELECT id FROM oauth_client_secrets WHERE client_id = '${clientId}' AND revoked_at IS NULL`,
    );
    return rows.map(({ id }) => id);
  };
  const eventsOf = async (clientId: string) => {
    const rows = await registry.dataSource.query<{ action: string }[]>(
      `SELECT action FROM audit_events WHERE client_id = '${clientId}' ORDER BY id`,
    );
    return rows.map(({ action }) => action);
  };
  const replace = ({ client_id: id, registration_access_token: key }: Registered, body: object) =>
    registry.send(`/v2/oauth/register/${id}`, { method: 'PUT', key, body: { client_id: id, ...body } });

  it.each(['registered', 'lenient'])('%s: is registered, is echoed, and gets no secret', async (profile) => {
    for (const keys of [{}, { jwks_uri: undefined, jwks: JWKS }]) {
      const { status, body } = await byProfile[profile]!.register({ ...SIGNING, ...keys });
      expect({ status, body }).toEqual({
        status: 201,
        body: {
          client_id: expect.any(String),
          client_id_issued_at: expect.any(Number),
          registration_access_token: expect.any(String),
          registration_client_uri: expect.any(String),
          grant_types: ['authorization_code'],
          response_types: ['code'],
          ...JSON.parse(JSON.stringify({ ...SIGNING, ...keys })),
        },
      });
    }
  });

  it('strict: is rejected with the error of the contract', async () => {
    const { status, body } = await byProfile.strict!.register({
      token_endpoint_auth_method: 'private_key_jwt',
      redirect_uris: CALLBACK,
    });
    expect({ status, fields: body.invalid_fields }).toEqual({
      status: 400,
      fields: {
        token_endpoint_auth_method: ['must be one of none, client_secret_basic, client_secret_post'],
      },
    });
  });

  it.each<[string, object, object]>([
    [
      'without a key',
      { jwks_uri: undefined },
      { jwks: ['is required for private_key_jwt, unless jwks_uri is sent'] },
    ],
    [
      'with keys that can be replaced on the way',
      { jwks_uri: 'http://example.com/jwks.json' },
      {
        jwks_uri: [
          'must use https for private_key_jwt, since keys fetched over http can be replaced in transit',
        ],
      },
    ],
    [
      'with a symmetric algorithm',
      { token_endpoint_auth_signing_alg: 'HS256' },
      {
        token_endpoint_auth_signing_alg: [
          'must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519 for private_key_jwt',
        ],
      },
    ],
    [
      'with an empty algorithm',
      { token_endpoint_auth_signing_alg: '' },
      { token_endpoint_auth_signing_alg: [expect.stringMatching(/^must be one of RS256/)] },
    ],
    [
      'without a signature',
      { token_endpoint_auth_signing_alg: 'none' },
      { token_endpoint_auth_signing_alg: [expect.stringMatching(/^must be one of RS256/)] },
    ],
    [
      'with a symmetric key',
      { jwks_uri: undefined, jwks: { keys: [{ kty: 'oct', k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ' }] } },
      { jwks: [expect.stringMatching(/^must contain public keys only/)] },
    ],
  ])('400: %s', async (_, changed, fields) => {
    const { status, body } = await registry.register({ ...SIGNING, ...changed });
    expect({ status, error: body.error, fields: body.invalid_fields }).toEqual({
      status: 400,
      error: 'invalid_client_metadata',
      fields,
    });
  });

  it('may use client_credentials: it has a credential', async () => {
    const { status } = await registry.register({ ...SIGNING, grant_types: ['client_credentials'] });
    expect(status).toBe(201);
  });

  it.each(['client_secret_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'])(
    '400: %s is registered elsewhere, but a method that is not offered cannot be left out',
    async (method) => {
      const { status, body } = await registry.register({ ...SIGNING, token_endpoint_auth_method: method });
      expect({ status, fields: body.invalid_fields }).toEqual({
        status: 400,
        fields: {
          token_endpoint_auth_method: [
            'must be one of none, client_secret_basic, client_secret_post, private_key_jwt',
          ],
        },
      });
    },
  );

  it.each(['none', 'client_secret_basic'])(
    'with %s the algorithm of assertions means nothing, and is not kept',
    async (method) => {
      const { status, body } = await registry.register({
        token_endpoint_auth_method: method,
        token_endpoint_auth_signing_alg: 'HS256',
        redirect_uris: CALLBACK,
      });
      expect(status).toBe(201);
      expect(body).not.toHaveProperty('token_endpoint_auth_signing_alg');
    },
  );

  it('RFC 7592: gets a secret with a method that takes one, and loses it with the way back', async () => {
    const registered = (await registry.register(SIGNING)).body as Registered;
    const withSecret = await replace(registered, {
      redirect_uris: CALLBACK,
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect({ status: withSecret.status, body: withSecret.body }).toMatchObject({
      status: 200,
      body: { client_secret: expect.any(String), client_secret_expires_at: 0 },
    });
    const back = await replace(withSecret.body as Registered, SIGNING);
    expect(back.status).toBe(200);
    expect(back.body).not.toHaveProperty('client_secret');
    expect(await validSecrets(registered.client_id)).toEqual([]);
  });

  it('REST: is shown to its organization as confidential, can be changed, and gets no secret', async () => {
    const { apiKey: key } = await registry.createKey();
    const { client_id: id } = (await registry.register(SIGNING, key)).body as Registered;
    const path = `/v2/oauth/clients/${id}`;
    const changed = await registry.send(path, { method: 'PUT', key, body: { name: 'Signs for itself' } });
    expect({ status: changed.status, data: changed.body.data }).toMatchObject({
      status: 200,
      data: { client_type: 'confidential', client_secret: null, name: 'Signs for itself' },
    });
    const issued = await registry.send(`${path}/secrets`, { body: {}, key });
    expect({ status: issued.status, body: issued.body }).toEqual({
      status: 422,
      body: {
        error: 'validation_error',
        error_description:
          'A client with the token endpoint authentication method private_key_jwt cannot have a secret.',
      },
    });
    expect(await validSecrets(id)).toEqual([]);
  });

  describe('GraphQL', () => {
    const CREATE = `mutation($input: CreateOAuthClientInput!) {
      createOAuthClient(input: $input) {
        clientSecret
        client { clientId version tokenEndpointAuthMethod tokenEndpointAuthSigningAlg jwksUri }
      }
    }`;
    const UPDATE = `mutation($clientId: ID!, $version: Int!, $input: UpdateOAuthClientInput!) {
      updateOAuthClient(clientId: $clientId, version: $version, input: $input) {
        client { version tokenEndpointAuthMethod tokenEndpointAuthSigningAlg }
      }
    }`;
    const INPUT = {
      orgId: 'acme',
      name: 'Signs for itself',
      clientType: 'CONFIDENTIAL',
      allowedGrantTypes: ['CLIENT_CREDENTIALS'],
    };
    const KEYS = { jwksUri: 'https://example.com/jwks.json', tokenEndpointAuthSigningAlg: 'EdDSA' };

    it('creates one without a secret, and says which keys it needs', async () => {
      const input = { ...INPUT, tokenEndpointAuthMethod: 'PRIVATE_KEY_JWT' };
      const { body } = await registry.graphql(CREATE, { input: { ...input, ...KEYS } });
      expect(body.data.createOAuthClient).toEqual({
        clientSecret: null,
        client: {
          clientId: expect.any(String),
          version: 1,
          tokenEndpointAuthMethod: 'PRIVATE_KEY_JWT',
          ...KEYS,
        },
      });
      const refused = await registry.graphql(CREATE, { input });
      expect(refused.body.errors[0].extensions.invalid_fields).toEqual({
        jwks: ['is required for private_key_jwt, unless jwks_uri is sent'],
      });
    });

    it('revokes the secrets on a change to private_key_jwt; after the change back, a secret can be issued', async () => {
      const created = (await registry.graphql(CREATE, { input: INPUT })).body.data.createOAuthClient;
      const { clientId } = created.client as { clientId: string };
      expect(await validSecrets(clientId)).toHaveLength(1);
      const update = async (version: number, input: object) =>
        (await registry.graphql(UPDATE, { clientId, version, input })).body.data.updateOAuthClient.client;
      const issue = async () =>
        (
          await registry.graphql(
            `mutation { issueOAuthClientSecret(clientId: "${clientId}") { clientSecret } }`,
          )
        ).body;

      expect(await update(1, { tokenEndpointAuthMethod: 'PRIVATE_KEY_JWT', ...KEYS })).toEqual({
        version: 2,
        tokenEndpointAuthMethod: 'PRIVATE_KEY_JWT',
        tokenEndpointAuthSigningAlg: 'EdDSA',
      });
      expect(await validSecrets(clientId)).toEqual([]);
      expect((await issue()).errors).toHaveLength(1);

      expect(await update(2, { tokenEndpointAuthMethod: 'CLIENT_SECRET_BASIC' })).toEqual({
        version: 3,
        tokenEndpointAuthMethod: 'CLIENT_SECRET_BASIC',
        tokenEndpointAuthSigningAlg: null,
      });
      expect((await issue()).data.issueOAuthClientSecret.clientSecret).toEqual(expect.any(String));
      expect(await eventsOf(clientId)).toEqual([
        'client.created',
        'client.updated',
        'client_secret.revoked',
        'client.updated',
        'client_secret.issued',
      ]);
    });
  });
});
