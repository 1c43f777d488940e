import type { ClientMetadataInput, ClientMetadata } from '../../../src/policy/client.js';
import { applyDefaults } from '../../../src/policy/defaults.js';

const DEFAULTS: ClientMetadata = {
  name: null,
  type: 'confidential',
  tokenEndpointAuthMethod: 'client_secret_basic',
  grantTypes: ['authorization_code'],
  scopes: [],
  redirectUris: [],
  requirePkce: false,
  logoUri: null,
  policyUri: null,
  tosUri: null,
  metadata: {},
};

it.each<[string, ClientMetadataInput, Partial<ClientMetadata>]>([
  ['nothing asked for gets the defaults of RFC 7591 §2 (D1)', {}, {}],
  ['undefined members count as omitted', { name: undefined, contacts: undefined, jwks: undefined }, {}],
  [
    'a public client has no way to authenticate',
    { type: 'public' },
    { type: 'public', tokenEndpointAuthMethod: 'none' },
  ],
  ['a confidential client authenticates', { type: 'confidential' }, {}],
  [
    'the method none makes a client public',
    { tokenEndpointAuthMethod: 'none' },
    { type: 'public', tokenEndpointAuthMethod: 'none' },
  ],
  [
    'the method that was asked for',
    { tokenEndpointAuthMethod: 'client_secret_post' },
    { tokenEndpointAuthMethod: 'client_secret_post' },
  ],
  ['the name is trimmed', { name: ' \u3000My app ' }, { name: 'My app' }],
  [
    'grants once each, the first kept, those of others dropped (D5, D12)',
    {
      grantTypes: ['refresh_token', 'implicit', 'authorization_code', 'refresh_token'],
    },
    { grantTypes: ['refresh_token', 'authorization_code'] },
  ],
  ['scopes once each, in order (D12)', { scopes: ['b', 'a', 'b'] }, { scopes: ['b', 'a'] }],
  [
    'redirect URIs once each, as they were given (D12)',
    {
      redirectUris: [
        'https://B.example',
        'https://a.example/x/../',
        'https://B.example',
        'https://b.example',
      ],
    },
    { redirectUris: ['https://B.example', 'https://a.example/x/../', 'https://b.example'] },
  ],
  ['PKCE as asked (D11)', { requirePkce: true }, { requirePkce: true }],
  [
    'addresses',
    { logoUri: 'https://l', policyUri: 'https://p', tosUri: 'https://t' },
    { logoUri: 'https://l', policyUri: 'https://p', tosUri: 'https://t' },
  ],
  ['contacts once each (D12)', { contacts: ['b', 'a', 'b'] }, { metadata: { contacts: ['b', 'a'] } }],
  ['no translations', { translations: {} }, {}],
  [
    'what software says of itself',
    {
      clientUri: 'https://c',
      jwksUri: 'https://j',
      softwareId: 'i',
      softwareVersion: 'v',
      applicationType: 'native',
      translations: { 'client_name#ja': 'n' },
    },
    {
      metadata: {
        clientUri: 'https://c',
        jwksUri: 'https://j',
        softwareId: 'i',
        softwareVersion: 'v',
        applicationType: 'native',
        translations: { 'client_name#ja': 'n' },
      },
    },
  ],
  ['public keys', { jwks: { keys: [{ kty: 'RSA' }] } }, { metadata: { jwks: { keys: [{ kty: 'RSA' }] } } }],
])('A draft becomes a client: %s', (_, draft, profile) => {
  expect(applyDefaults(draft)).toStrictEqual({ ...DEFAULTS, ...profile });
});

it('The draft stays as it is, and shares no list with the client', () => {
  const draft = { scopes: ['a', 'a'], redirectUris: ['https://a.example'], contacts: ['a'] };
  const before = structuredClone(draft);
  const client = applyDefaults(draft);
  client.scopes.push('b');
  client.redirectUris.push('b');
  client.metadata.contacts?.push('b');
  expect(draft).toEqual(before);
});

it('Fields keep their order: the hash by which software shares a client is made of it', () => {
  const draft: ClientMetadataInput = {
    contacts: ['c'],
    translations: { 'client_name#ja': 'n' },
    applicationType: 'web',
    softwareStatement: 's',
    softwareVersion: 'v',
    softwareId: 'i',
    tokenEndpointAuthMethod: 'private_key_jwt',
    tokenEndpointAuthSigningAlg: 'ES256',
    jwks: { keys: [{ kty: 'RSA' }] },
    clientUri: 'https://c',
  };
  expect(JSON.stringify(applyDefaults(draft))).toBe(
    '{"name":null,"type":"confidential","tokenEndpointAuthMethod":"private_key_jwt","grantTypes":["authorization_code"],"scopes":[],' +
      '"redirectUris":[],"requirePkce":false,"logoUri":null,"policyUri":null,"tosUri":null,"metadata":{"clientUri":"https://c",' +
      '"contacts":["c"],"jwks":{"keys":[{"kty":"RSA"}]},"tokenEndpointAuthSigningAlg":"ES256","softwareId":"i","softwareVersion":"v",' +
      '"softwareStatement":"s","applicationType":"web","translations":{"client_name#ja":"n"}}}',
  );
});
