import { Registry } from '../../support/registry.js';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const withJwks = (jwks: string) =>
  `mutation { createOAuthClient(input: { orgId: "a", name: "n", clientType: CONFIDENTIAL, allowedGrantTypes: [CLIENT_CREDENTIALS],
    jwks: ${jwks} }) { client { jwks } } }`;
const KEY = 'kty: "RSA", n: "AQAB", e: "AQAB"';

// On one engine: what is rejected gets no further
describe('JSON in GraphQL', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start('sqlite');
  });
  afterAll(() => registry.stop());

  it('is taken as a literal', async () => {
    const { body } = await registry.graphql(withJwks(`{ keys: [{ ${KEY}, x: ${nested(20)} }] }`));
    expect(body.errors).toBeUndefined();
    expect(body.data.createOAuthClient.client.jwks.keys[0].kty).toBe('RSA');
  });

  it.each([
    ['nested too deep', `{ keys: [{ ${KEY}, x: ${nested(33)} }] }`, 'deeper than 32 levels'],
    [
      'nested too deep, of objects',
      `{ keys: [{ ${KEY}, x: ${'{a:'.repeat(33)}1${'}'.repeat(33)} }] }`,
      'deeper than 32 levels',
    ],
    ['with a member twice', `{ keys: [{ ${KEY}, kty: "EC" }] }`, 'only one input field named "kty"'],
    ['with __proto__', `{ keys: [{ ${KEY}, __proto__: { a: 1 } }] }`, '"__proto__"'],
  ])('is rejected as a literal %s', async (_, jwks, says) => {
    const before = await registry.rows('oauth_clients');
    const { status, body } = await registry.graphql(withJwks(jwks));
    const messages = (body.errors as Error[]).map(({ message }) => message);
    expect([status, messages]).toEqual([400, [expect.stringContaining(says)]]);
    expect(await registry.rows('oauth_clients')).toBe(before);
  });

  it('is rejected as the default of a variable', async () => {
    const query = `query ($x: JSONObject = { a: ${nested(33)} }) { viewer { orgId } }`;
    const { status, body } = await registry.graphql(query);
    const messages = (body.errors as Error[]).map(({ message }) => message);
    expect([status, messages]).toEqual([
      400,
      expect.arrayContaining([expect.stringContaining('deeper than 32 levels')]),
    ]);
  });

  it.each([
    ['with a member twice', '{"f":{"name":"a","name":"b"}}'],
    ['nested too deep', `{"f":${nested(33)}}`],
    ['with __proto__', '{"f":{"__proto__":{}}}'],
  ])('is rejected as variables of a GET: %s', async (_, variables) => {
    const query = 'query ($f: OAuthClientFilter) { oauthClients(filter: $f) { nodes { clientId } } }';
    const sent: Record<string, string>[] = [
      { query, variables },
      { query: '{ viewer { role } }', extensions: variables },
    ];
    for (const parameters of sent) {
      const { status, body } = await registry.send(`/graphql?${new URLSearchParams(parameters).toString()}`, {
        method: 'GET',
        key: registry.adminKey,
        headers: { 'apollo-require-preflight': 'true' },
      });
      expect([status, body.errors[0].extensions.code]).toEqual([400, 'BAD_REQUEST']);
      expect(body.errors[0].message).toMatch(/^The parameter (variables|extensions) must not /);
    }
  });
});
