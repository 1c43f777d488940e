import type { ClientMetadata, ExtendedMetadata } from '../../../src/policy/client.js';
import { staysVerified } from '../../../src/policy/verified.js';

const METADATA: Required<ExtendedMetadata> = {
  clientUri: 'https://a.example/',
  contacts: ['a@a.example', 'b@a.example'],
  jwksUri: 'https://a.example/jwks',
  jwks: {
    keys: [
      { kty: 'RSA', kid: '1' },
      { kty: 'RSA', kid: '2' },
    ],
  },
  tokenEndpointAuthSigningAlg: 'RS256',
  softwareId: 'a',
  softwareVersion: '1',
  softwareStatement: 'a.b.c',
  applicationType: 'web',
  initiateLoginUri: 'https://a.example/login',
  postLogoutRedirectUris: ['https://a.example/bye'],
  translations: { 'client_name#ja': 'a' },
};

const CLIENT: ClientMetadata = {
  name: 'App',
  type: 'confidential',
  tokenEndpointAuthMethod: 'client_secret_basic',
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: ['read', 'write'],
  redirectUris: ['https://a.example/1', 'https://a.example/2'],
  requirePkce: false,
  logoUri: 'https://a.example/logo.png',
  policyUri: 'https://a.example/policy',
  tosUri: 'https://a.example/tos',
  metadata: METADATA,
};

type Changes = Partial<Omit<ClientMetadata, 'metadata'> & ExtendedMetadata>;

function change(changes: Changes): [ClientMetadata, ClientMetadata] {
  const { metadata, ...profile } = CLIENT;
  const fields: Record<string, unknown> = { ...profile };
  const ofMetadata: Record<string, unknown> = { ...metadata };
  for (const [field, value] of Object.entries(changes)) {
    (Object.hasOwn(metadata, field) ? ofMetadata : fields)[field] = value;
  }
  const after = { ...fields, metadata: ofMetadata } as unknown as ClientMetadata;
  return [CLIENT, after];
}

describe('The mark "verified"', () => {
  it.each<[string, Changes]>([
    ['nothing', {}],
    ['fewer scopes', { scopes: ['write'] }],
    ['scopes in another order', { scopes: ['write', 'read'] }],
    ['fewer grants', { grantTypes: ['authorization_code'] }],
    ['fewer redirect URIs', { redirectUris: ['https://a.example/2'] }],
    ['PKCE from now on', { requirePkce: true }],
    ['several of these', { scopes: ['read'], grantTypes: ['authorization_code'], requirePkce: true }],
  ])('outlives a change of %s', (_, changes) => {
    expect(staysVerified(...change(changes))).toBe(true);
  });

  it.each<[string, Changes]>([
    ['the name', { name: 'Other' }],
    ['the name, to none', { name: null }],
    ['the type', { type: 'public' }],
    ['how it authenticates', { tokenEndpointAuthMethod: 'private_key_jwt' }],
    ['another grant', { grantTypes: ['authorization_code', 'client_credentials'] }],
    ['one grant for another', { grantTypes: ['client_credentials'] }],
    ['another scope', { scopes: ['read', 'write', 'admin'] }],
    ['one scope for another', { scopes: ['admin'] }],
    ['no scopes, which some servers take for all', { scopes: [] }],
    ['another redirect URI', { redirectUris: [...CLIENT.redirectUris, 'https://evil.example/'] }],
    ['one redirect URI for another', { redirectUris: ['https://evil.example/'] }],
    ['the logo', { logoUri: 'https://evil.example/' }],
    ['the logo, to none', { logoUri: null }],
    ['the policy', { policyUri: 'https://evil.example/' }],
    ['the terms', { tosUri: null }],
    ['the site', { clientUri: 'https://evil.example/' }],
    ['whom to ask', { contacts: ['evil@evil.example'] }],
    ['fewer to ask', { contacts: ['a@a.example'] }],
    ['where the keys are', { jwksUri: 'https://evil.example/jwks' }],
    ['the keys', { jwks: { keys: [{ kty: 'RSA', kid: '3' }] } }],
    ['the signing algorithm', { tokenEndpointAuthSigningAlg: undefined }],
    ['the software', { softwareId: 'b' }],
    ['its version', { softwareVersion: '2' }],
    ['its statement', { softwareStatement: 'a.b.d' }],
    ['what kind of application it is', { applicationType: 'native' }],
    ['where others begin a sign-in', { initiateLoginUri: 'https://evil.example/' }],
    ['where people go after they sign out', { postLogoutRedirectUris: ['https://evil.example/'] }],
    ['its name in another language', { translations: { 'client_name#ja': 'b' } }],
    ['a narrowing together with something else', { scopes: ['read'], softwareVersion: '2' }],
  ])('does not outlive a change of %s', (_, changes) => {
    expect(staysVerified(...change(changes))).toBe(false);
  });

  it('does not outlive the end of PKCE', () => {
    expect(staysVerified({ ...CLIENT, requirePkce: true }, CLIENT)).toBe(false);
  });
});
