import type { ClientMetadataInput } from '../../../src/policy/client.js';
import { FIELD_NAMES } from '../../../src/policy/fields.js';
import { CLIENT_RULES, type FieldErrors, validate } from '../../../src/policy/rules.js';

const NOT_WEB = ['must be an https or http URL'];
const LENGTH = ['must be 1 to 255 characters long'];
const NEEDS_URI = ['must contain at least one URI for the authorization_code grant'];

const judged = (draft: ClientMetadataInput, known: FieldErrors = {}) =>
  validate(draft, CLIENT_RULES, FIELD_NAMES.registration, known);
const publicKeys = { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] };
const translations = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`client_name#x-${i}`, 'name']));

describe('Every client', () => {
  it.each<[string, ClientMetadataInput]>([
    ['that asks for nothing (D1)', {}],
    [
      'that asks for everything',
      {
        name: ' My app ',
        type: 'confidential',
        tokenEndpointAuthMethod: 'client_secret_post',
        grantTypes: ['authorization_code', 'refresh_token'],
        scopes: ['admin'],
        redirectUris: ['https://example.com/cb'],
        requirePkce: true,
        logoUri: 'https://example.com/logo',
        policyUri: 'http://example.com/policy',
        tosUri: 'https://example.com/tos',
        clientUri: 'https://example.com',
        contacts: ['ops@example.com'],
        jwksUri: 'https://example.com/jwks',
        softwareId: '4NRB1-0XZABZI9E6-5SM3R',
        softwareVersion: '2.1',
        applicationType: 'web',
        translations: { 'client_name#ja': 'クライアント名', 'tos_uri#ja': 'https://example.com/ja/tos' },
      },
    ],
    ['with keys of its own', { jwks: publicKeys }],
    ['with grants that need no redirect URI', { grantTypes: ['client_credentials', 'refresh_token'] }],
    ['with no scopes', { scopes: [] }],
    ['that is public with client_credentials (D4)', { type: 'public', grantTypes: ['client_credentials'] }],
    ['with a hundred translations', { translations: translations(100) }],
    [
      'that names the same grant, scope or URI twice (D12)',
      {
        grantTypes: ['authorization_code', 'authorization_code'],
        scopes: ['a', 'a'],
        redirectUris: ['https://a.example', 'https://a.example'],
      },
    ],
  ])('is welcome: %s', (_, draft) => {
    expect(judged(draft)).toEqual({});
  });

  it.each<[string, ClientMetadataInput, FieldErrors]>([
    ['a name of spaces', { name: '  ' }, { client_name: LENGTH }],
    ['no grant', { grantTypes: [] }, { grant_types: ['must contain at least one grant type'] }],
    [
      'authorization_code without redirect URIs (D2)',
      { grantTypes: ['client_credentials', 'authorization_code'] },
      { redirect_uris: NEEDS_URI },
    ],
    [
      'authorization_code with an empty list of redirect URIs (D2)',
      { grantTypes: ['authorization_code'], redirectUris: [] },
      { redirect_uris: NEEDS_URI },
    ],
    ['logo_uri', { logoUri: 'javascript:0' }, { logo_uri: NOT_WEB }],
    ['policy_uri', { policyUri: 'data:,' }, { policy_uri: NOT_WEB }],
    ['tos_uri', { tosUri: 'ftp://example.com/' }, { tos_uri: NOT_WEB }],
    ['client_uri', { clientUri: 'app:/' }, { client_uri: NOT_WEB }],
    ['jwks_uri', { jwksUri: 'file:///x' }, { jwks_uri: NOT_WEB }],
    [
      'initiate_login_uri over http',
      { initiateLoginUri: 'HTTP://localhost/login' },
      { initiate_login_uri: ['must use https'] },
    ],
    [
      'initiate_login_uri that is a script',
      { initiateLoginUri: 'javascript:0' },
      { initiate_login_uri: NOT_WEB },
    ],
    [
      'post_logout_redirect_uris, each by its place',
      { postLogoutRedirectUris: ['https://a.example', 'https://a.example/*'] },
      { post_logout_redirect_uris: ['entry 2 must not contain a wildcard (*)'] },
    ],
    [
      'an empty URI',
      { logoUri: '' },
      { logo_uri: ['must be an absolute URI such as https://example.com/path'] },
    ],
    [
      'jwks beside jwks_uri (RFC 7591 §2)',
      { jwks: publicKeys, jwksUri: 'https://example.com/jwks' },
      { jwks: ['must not be sent together with jwks_uri'] },
    ],
    ['software_id', { softwareId: '' }, { software_id: LENGTH }],
    ['software_version', { softwareVersion: 'v'.repeat(256) }, { software_version: LENGTH }],
    [
      'contacts, each by its place',
      { contacts: ['a@example.com', '', 'a'.repeat(321)] },
      { contacts: [2, 3].map((n) => `entry ${n} must be 1 to 320 characters long`) },
    ],
    [
      '21 contacts',
      { contacts: Array<string>(21).fill('a') },
      { contacts: ['must have at most 20 entries'] },
    ],
    ['a translated name', { translations: { 'client_name#ja': '' } }, { 'client_name#ja': LENGTH }],
    ['a translated URI', { translations: { 'logo_uri#ja': 'data:,' } }, { 'logo_uri#ja': NOT_WEB }],
    [
      'the 101st translation',
      { translations: translations(101) },
      { 'client_name#x-100': ['exceeds the limit of 100 localized members; omit it'] },
    ],
    [
      'every invalid field, in one reply',
      { name: '', logoUri: 'data:,', redirectUris: ['https://a.example/#'], scopes: ['a b'], contacts: [''] },
      {
        client_name: LENGTH,
        logo_uri: NOT_WEB,
        redirect_uris: ['entry 1 must not contain a fragment (#)'],
        scope: [
          'must contain only scope-tokens: 1 to 128 printable ASCII characters each, except space, double quote and backslash (RFC 6749 §3.3)',
        ],
        contacts: ['entry 1 must be 1 to 320 characters long'],
      },
    ],
  ])('is rejected with: %s', (_, draft, faults) => {
    expect(judged(draft)).toEqual(faults);
  });
});

describe('A fault that was found before', () => {
  it.each<[string, ClientMetadataInput, FieldErrors, FieldErrors]>([
    ['stays beside new ones', { name: '' }, { scope: ['bad'] }, { scope: ['bad'], client_name: LENGTH }],
    ['is not judged a second time', { name: '' }, { client_name: ['bad'] }, { client_name: ['bad'] }],
    ['is of a member that is not a field', {}, { org_id: ['unknown'] }, { org_id: ['unknown'] }],
    [
      'silences a rule that reads its field: which grants were meant is not known',
      { grantTypes: ['authorization_code'] },
      { grant_types: ['bad'] },
      { grant_types: ['bad'] },
    ],
    [
      'of an inherited name does not hide a field',
      { name: '' },
      { constructor: ['bad'] },
      {
        constructor: ['bad'],
        client_name: LENGTH,
      },
    ],
  ])('%s', (_, draft, known, faults) => {
    expect(judged(draft, known)).toEqual(faults);
  });

  it('is left as it was: the result is a new value', () => {
    const known = { scope: ['bad'] };
    judged({ name: '' }, known);
    expect(known).toEqual({ scope: ['bad'] });
  });
});

it('Fields are reported by the names that the caller knows them by', () => {
  expect(
    validate({ name: '', grantTypes: [], logoUri: 'data:,' }, CLIENT_RULES, FIELD_NAMES.rest, {}),
  ).toEqual({
    name: LENGTH,
    allowed_grant_types: ['must contain at least one grant type'],
    logo_uri: NOT_WEB,
  });
});
