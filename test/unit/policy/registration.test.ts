import type { ClientMetadataInput } from '../../../src/policy/client.js';
import { GRANT_TYPES, type GrantType } from '../../../src/policy/grants/grant-types.js';
import {
  addDefaultScopes,
  intersectPolicy,
  restrictToPolicy,
  type RegistrationPolicy,
  registrationRules,
} from '../../../src/policy/registration.js';
import { FIELD_NAMES } from '../../../src/policy/fields.js';
import { CLIENT_RULES, type FieldErrors, validate } from '../../../src/policy/rules.js';
import { applyDefaults } from '../../../src/policy/defaults.js';

const OPEN: RegistrationPolicy = {
  profile: 'registered',
  requiresStatement: false,
  allowedScopes: null,
  defaultScopes: [],
  allowedGrantTypes: GRANT_TYPES,
  redirectHosts: [],
  deniedRedirectHosts: [],
  reservedNameIn: null,
};
const STRICT: RegistrationPolicy = { ...OPEN, profile: 'strict' };
const LENIENT: RegistrationPolicy = { ...OPEN, profile: 'lenient' };
const MACHINES: RegistrationPolicy = { ...OPEN, allowedGrantTypes: ['client_credentials'] };
const READERS: RegistrationPolicy = {
  ...OPEN,
  allowedScopes: ['read', 'list'],
  defaultScopes: ['read', 'write'],
};

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const OFFERED = 'client_credentials, authorization_code, refresh_token';
const redirectUris = ['https://example.com/cb'];

const judged = (draft: ClientMetadataInput, policy: RegistrationPolicy) =>
  validate(draft, [...registrationRules(policy), ...CLIENT_RULES], FIELD_NAMES.registration, {});

/** The part of a registered client that depends on the policy. */
function granted(draft: ClientMetadataInput, policy: RegistrationPolicy) {
  const { type, grantTypes, scopes, requirePkce } = applyDefaults(restrictToPolicy(draft, policy));
  return { type, grantTypes, scopes, requirePkce };
}

const confidential = {
  type: 'confidential',
  grantTypes: ['authorization_code'],
  scopes: [],
  requirePkce: false,
};

describe('Open registration', () => {
  it.each<[string, ClientMetadataInput, RegistrationPolicy, ReturnType<typeof granted> | object]>([
    ['nothing: the defaults (D1)', {}, OPEN, confidential],
    ['nothing under strict: the defaults (D1)', {}, STRICT, confidential],
    [
      'nothing, if the default grant is not allowed: what is (D1)',
      {},
      MACHINES,
      { ...confidential, grantTypes: ['client_credentials'] },
    ],
    [
      'no scope: the default ones, as far as they are allowed',
      {},
      READERS,
      { ...confidential, scopes: ['read'] },
    ],
    [
      'an empty scope, which counts as none (D10)',
      { scopes: [] },
      READERS,
      { ...confidential, scopes: ['read'] },
    ],
    [
      'some allowed scopes: those',
      { scopes: ['write', 'read', 'read'] },
      READERS,
      { ...confidential, scopes: ['read'] },
    ],
    ['any scope, where any is allowed', { scopes: ['write'] }, OPEN, { ...confidential, scopes: ['write'] }],
    [
      'a public client with authorization_code: PKCE (D11)',
      { tokenEndpointAuthMethod: 'none' },
      OPEN,
      { ...confidential, type: 'public', requirePkce: true },
    ],
    [
      'a public client that asks for no PKCE: PKCE (D11)',
      { tokenEndpointAuthMethod: 'none', requirePkce: false },
      OPEN,
      { ...confidential, type: 'public', requirePkce: true },
    ],
    [
      'a registered grant beside an offered one: the offered one (D5)',
      { grantTypes: ['implicit', DEVICE, 'authorization_code'], redirectUris },
      OPEN,
      confidential,
    ],
    [
      'an unregistered grant under lenient: it is ignored (D5)',
      { grantTypes: ['magic', 'client_credentials'] },
      LENIENT,
      { ...confidential, grantTypes: ['client_credentials'] },
    ],
    [
      'more grants than are allowed: those that are',
      { grantTypes: ['refresh_token', 'client_credentials'] },
      MACHINES,
      { ...confidential, grantTypes: ['client_credentials'] },
    ],
    [
      'a grant twice: once (D12)',
      { grantTypes: ['client_credentials', 'client_credentials'] },
      OPEN,
      { ...confidential, grantTypes: ['client_credentials'] },
    ],
  ])('grants a request for %s', (_, draft, policy, expected) => {
    expect(judged(draft, policy)).toEqual({});
    expect(granted(draft, policy)).toEqual(expected);
  });

  it.each<[string, ClientMetadataInput, RegistrationPolicy, FieldErrors]>([
    [
      'authorization_code named without a redirect URI (D2)',
      { grantTypes: ['authorization_code'] },
      OPEN,
      {
        redirect_uris: ['must contain at least one URI for the authorization_code grant'],
      },
    ],
    [
      'an invalid redirect URI',
      { redirectUris: ['http://example.com/cb'] },
      OPEN,
      {
        redirect_uris: ['entry 1 must use https; http is allowed for localhost, 127.0.0.0/8 and [::1] only'],
      },
    ],
    [
      'none with client_credentials (D4)',
      { tokenEndpointAuthMethod: 'none', grantTypes: ['client_credentials'] },
      OPEN,
      {
        token_endpoint_auth_method: [
          'must not be "none" for the client_credentials grant; send a client_secret_* method',
        ],
      },
    ],
    [
      'none with client_credentials among others (D4)',
      {
        tokenEndpointAuthMethod: 'none',
        grantTypes: ['authorization_code', 'implicit', 'client_credentials'],
        redirectUris,
      },
      LENIENT,
      {
        token_endpoint_auth_method: [
          'must not be "none" for the client_credentials grant; send a client_secret_* method',
        ],
      },
    ],
    [
      'only grants of others (D5)',
      { grantTypes: ['implicit', DEVICE] },
      OPEN,
      {
        grant_types: [`must contain an allowed grant type: ${OFFERED}`],
      },
    ],
    [
      'only unregistered grants under lenient',
      { grantTypes: ['magic'] },
      LENIENT,
      {
        grant_types: [`must contain an allowed grant type: ${OFFERED}`],
      },
    ],
    [
      'an unregistered grant (D5)',
      { grantTypes: ['magic', 'client_credentials'] },
      OPEN,
      {
        grant_types: [`must not contain an unknown grant type; allowed grant types: ${OFFERED}`],
      },
    ],
    [
      'a registered grant under strict (D5)',
      { grantTypes: ['implicit', 'client_credentials'] },
      STRICT,
      {
        grant_types: [`must not contain an unknown grant type; allowed grant types: ${OFFERED}`],
      },
    ],
    [
      'refresh_token alone (D15)',
      { grantTypes: ['refresh_token', 'implicit'] },
      OPEN,
      {
        grant_types: [
          `must contain a grant type in addition to refresh_token, which needs another grant; allowed grant types: ${OFFERED}`,
        ],
      },
    ],
    [
      'no grant that is allowed',
      { grantTypes: ['refresh_token'] },
      MACHINES,
      {
        grant_types: ['must contain an allowed grant type: client_credentials'],
      },
    ],
    [
      'no scope that is allowed',
      { scopes: ['write', 'admin'] },
      READERS,
      {
        scope: ['must contain an allowed scope: read list'],
      },
    ],
    [
      'everything at once',
      {
        tokenEndpointAuthMethod: 'none',
        grantTypes: ['client_credentials'],
        scopes: ['write'],
        redirectUris: ['data:,'],
        name: '',
      },
      READERS,
      {
        token_endpoint_auth_method: [
          'must not be "none" for the client_credentials grant; send a client_secret_* method',
        ],
        scope: ['must contain an allowed scope: read list'],
        redirect_uris: [
          'entry 1 must not use the scheme data; use https, http on loopback, or a private-use scheme',
        ],
        client_name: ['must be 1 to 255 characters long'],
      },
    ],
  ])('rejects %s', (_, draft, policy, faults) => {
    expect(judged(draft, policy)).toEqual(faults);
  });

  it('rejects an empty list of grants', () => {
    expect(Object.keys(judged({ grantTypes: [] }, OPEN))).toEqual(['grant_types']);
  });
});

it('A draft is narrowed into a new value; all that has nothing to do with grants stays', () => {
  const draft: ClientMetadataInput = {
    name: 'My app',
    scopes: ['write', 'read'],
    redirectUris,
    contacts: ['a'],
    tosUri: 'https://t',
  };
  const before = structuredClone(draft);
  expect(restrictToPolicy(draft, READERS)).toEqual({
    ...before,
    grantTypes: ['authorization_code'],
    scopes: ['read'],
    requirePkce: false,
  });
  expect(draft).toEqual(before);
});

it.each<[string, GrantType[], string[]]>([
  ['beside its own, if its tokens need a user', ['authorization_code', 'refresh_token'], ['list', 'read']],
  ['not if it gets tokens without a user', ['authorization_code', 'client_credentials'], ['list']],
])('A new registration gets the allowed default scopes %s', (_, grantTypes, scopes) => {
  expect(addDefaultScopes({ grantTypes, scopes: ['list'] }, READERS)).toEqual({ grantTypes, scopes });
});

describe('Further limits of a policy', () => {
  const NONE = { scopes: null, grantTypes: null, redirectHosts: null };

  it.each<[string, RegistrationPolicy, Parameters<typeof intersectPolicy>[1], Partial<RegistrationPolicy>]>([
    ['none change nothing', READERS, NONE, {}],
    ['scopes where any are allowed', OPEN, { ...NONE, scopes: ['read'] }, { allowedScopes: ['read'] }],
    [
      'scopes where some are: both hold',
      READERS,
      { ...NONE, scopes: ['list', 'write'] },
      { allowedScopes: ['list'] },
    ],
    [
      'grants: both hold',
      MACHINES,
      { ...NONE, grantTypes: ['client_credentials', 'refresh_token'] },
      { allowedGrantTypes: ['client_credentials'] },
    ],
    [
      'grants that leave none',
      MACHINES,
      { ...NONE, grantTypes: ['refresh_token'] },
      { allowedGrantTypes: [] },
    ],
    [
      'hosts come beside those that are there',
      { ...OPEN, redirectHosts: [['a.example']] },
      { ...NONE, redirectHosts: ['b.example'] },
      { redirectHosts: [['a.example'], ['b.example']] },
    ],
  ])('%s', (_, policy, limits, changed) => {
    expect(intersectPolicy(policy, limits)).toEqual({ ...policy, ...changed });
  });

  it('reject a value of which nothing remains, and say so', () => {
    const policy = intersectPolicy(MACHINES, {
      ...NONE,
      grantTypes: ['refresh_token'],
      scopes: [],
      redirectHosts: ['b.example'],
    });
    expect(judged({ scopes: ['read'], redirectUris, grantTypes: ['refresh_token'] }, policy)).toEqual({
      grant_types: ['must contain an allowed grant type: none'],
      scope: ['must contain an allowed scope: none'],
      redirect_uris: ['entry 1 must be an https or http URI with an allowed host: b.example'],
    });
  });
});

it.each<[string, Partial<RegistrationPolicy>, string]>([
  [
    'is not allowed',
    { redirectHosts: [['b.example']] },
    'entry 2 must be an https or http URI with an allowed host: b.example',
  ],
  [
    'is denied',
    { deniedRedirectHosts: ['a.example'] },
    'entry 2 must not have a host or scheme that this server denies',
  ],
])('Rejects post-logout redirect URIs of a host that %s', (_, limits, fault) => {
  const draft = { postLogoutRedirectUris: ['https://b.example', 'https://a.example'] };
  expect(validate(draft, registrationRules({ ...OPEN, ...limits }), FIELD_NAMES.registration, {})).toEqual({
    post_logout_redirect_uris: [fault],
  });
});
