import fc from 'fast-check';
import { hostileString } from '../../../fuzz/generate/hostile.js';
import { onEachEngine } from '../../support/databases.js';
import { type Answer, Registry } from '../../support/registry.js';

const MAX_TEXT = 5_000;
const text = (...good: string[]) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...good) },
    hostileString.map((value) => value.slice(0, MAX_TEXT)),
  );
const list = (values: fc.Arbitrary<string>) => fc.array(values, { maxLength: 3 });
const webUri = text('https://example.com/a', 'http://example.com/');

/** Metadata that REST and GraphQL accept. */
const metadata = fc.record(
  {
    name: text('Billing', 'Ünïcode 名前'),
    allowed_scopes: list(text('read', 'admin')),
    client_type: fc.constantFrom('public', 'confidential'),
    require_pkce: fc.boolean(),
    allowed_grant_types: fc.subarray(['client_credentials', 'authorization_code', 'refresh_token']),
    redirect_uris: list(text('https://example.com/cb', 'http://localhost:1/cb', 'cursor://cb')),
    logo_uri: webUri,
    policy_uri: webUri,
    tos_uri: webUri,
  },
  { requiredKeys: ['name', 'allowed_scopes', 'client_type', 'allowed_grant_types'] },
);
type Metadata = typeof metadata extends fc.Arbitrary<infer T> ? T : never;

const toCamelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The same as a GraphQL input. */
const toInput = (asked: Metadata): Record<string, unknown> => ({
  ...Object.fromEntries(Object.entries(asked).map(([name, value]) => [toCamelCase(name), value])),
  clientType: asked.client_type.toUpperCase(),
  allowedGrantTypes: asked.allowed_grant_types.map((grant) => grant.toUpperCase()),
});

const CREATE = `mutation ($input: CreateOAuthClientInput!) {
  createOAuthClient(input: $input) {
    client { name allowedScopes redirectUris requirePkce logoUri policyUri tosUri }
    clientSecret
  }
}`;

/** The REST reply, with the names of GraphQL. */
function ofRest({ status, body }: Answer) {
  if (status !== 201) return { faults: renamed(body.invalid_fields), client: null, hasSecret: false };
  const { name, allowed_scopes, redirect_uris, require_pkce, logo_uri, policy_uri, tos_uri, client_secret } =
    body.data;
  const client = { name, allowed_scopes, redirect_uris, require_pkce, logo_uri, policy_uri, tos_uri };
  return { faults: null, client: renamed(client), hasSecret: client_secret !== null };
}

function ofGraphql({ body }: Answer) {
  const { data, errors } = body;
  if (errors) return { faults: errors[0].extensions.invalid_fields, client: null, hasSecret: false };
  const { client, clientSecret } = data.createOAuthClient;
  return { faults: null, client, hasSecret: clientSecret !== null };
}

const renamed = (members: object) =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [toCamelCase(name), value]));

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  it('REST and GraphQL accept the same metadata and report the same invalid fields', async () => {
    const { apiKey, orgId } = await registry.createKey();
    await fc.assert(
      fc.asyncProperty(metadata, async (asked) => {
        const rest = await registry.createClient(asked, apiKey);
        const graphql = await registry.graphql(CREATE, { input: { orgId, ...toInput(asked) } });
        expect(ofGraphql(graphql)).toEqual(ofRest(rest));
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 150) },
    );
  });
});
