import { ConfigError, readConfig } from '../../../src/config/variables.js';

const LOGIN = {
  AUTHORIZATION_LOGIN_ISSUER: 'https://login.example',
  AUTHORIZATION_LOGIN_CLIENT_ID: 'registry',
};
const SECURE = { NODE_ENV: 'production', AUTHORIZATION_SERVER: 'on', PUBLIC_URL: 'https://registry.example' };
const POSTGRES = { DATABASE_URL: 'postgres://db/r', AUTHORIZATION_RESOURCES: 'https://api.example=jwt' };

const PUBLIC_URL =
  'PUBLIC_URL takes an https URL, or one of the loopback interface; AUTHORIZATION_SERVER=on requires it';
const ISSUER =
  'AUTHORIZATION_LOGIN_ISSUER takes the https URL of an OpenID provider, or an http URL of the loopback interface';
const NO_ISSUER = `${ISSUER}; without it no user signs in`;

describe('The configuration of the authorization server', () => {
  it('reads a sign-in at an identity provider', () => {
    const optional = {
      AUTHORIZATION_LOGIN_CLIENT_SECRET: 'secret',
      AUTHORIZATION_LOGIN_ORG_CLAIM: 'tid',
      AUTHORIZATION_LOGIN_SCOPE: 'openid, email',
    };
    expect(readConfig({ ...LOGIN, ...optional })).toMatchObject({
      authorizationLoginIssuer: 'https://login.example',
      authorizationLoginClientId: 'registry',
      authorizationLoginClientSecret: 'secret',
      authorizationLoginOrgClaim: 'tid',
      authorizationLoginScope: 'openid email',
    });
  });

  it.each([
    [SECURE],
    [{ ...SECURE, PUBLIC_URL: 'http://127.0.0.1:3000' }],
    [{ ...SECURE, PUBLIC_URL: 'http://[::1]:3000' }],
    [{ NODE_ENV: 'production' }],
    [{ NODE_ENV: 'production', PUBLIC_URL: 'http://registry.example' }],
    [{ PUBLIC_URL: 'http://registry.example' }],
    [LOGIN],
    [{ ...LOGIN, AUTHORIZATION_LOGIN_ISSUER: 'http://localhost:8080/realms/acme' }],
    [{ ...POSTGRES, SIGNING_KEY_SECRET: 's'.repeat(32) }],
    [{ ...POSTGRES, AUTHORIZATION_SERVER: 'off' }],
  ])('is good with %j', (env) => {
    expect(() => readConfig(env)).not.toThrow();
  });

  it.each<[NodeJS.ProcessEnv, string]>([
    [{ ...SECURE, PUBLIC_URL: '' }, PUBLIC_URL],
    [{ ...SECURE, PUBLIC_URL: 'http://registry.example' }, PUBLIC_URL],
    [{ ...SECURE, PUBLIC_URL: 'http://localhost.example' }, PUBLIC_URL],
    [
      POSTGRES,
      'SIGNING_KEY_SECRET takes at least 32 characters; a resource with =jwt requires it on PostgreSQL',
    ],
    [
      { AUTHORIZATION_LOGIN_ISSUER: LOGIN.AUTHORIZATION_LOGIN_ISSUER },
      'AUTHORIZATION_LOGIN_CLIENT_ID takes the client_id of this service at AUTHORIZATION_LOGIN_ISSUER; AUTHORIZATION_LOGIN_ISSUER requires it',
    ],
    ...[
      'http://login.example',
      'http://127.0.0.1.evil.example',
      'login.example',
      'https://login.example?tenant=1',
      'https://user:secret@login.example',
    ].map((issuer): [NodeJS.ProcessEnv, string] => [
      { ...LOGIN, AUTHORIZATION_LOGIN_ISSUER: issuer },
      ISSUER,
    ]),
    [{ AUTHORIZATION_LOGIN_CLIENT_ID: 'registry' }, NO_ISSUER],
    [{ AUTHORIZATION_LOGIN_CLIENT_SECRET: 'secret' }, NO_ISSUER],
    [
      { ...LOGIN, AUTHORIZATION_CONSENT_URL: 'https://portal.example/consent' },
      'AUTHORIZATION_CONSENT_URL and AUTHORIZATION_LOGIN_ISSUER exclude each other',
    ],
    [
      { ...LOGIN, AUTHORIZATION_LOGIN_SCOPE: 'email profile' },
      'AUTHORIZATION_LOGIN_SCOPE takes scope tokens separated by spaces or commas, openid among them',
    ],
  ])('stops the start at %j with one line', (env, fault) => {
    expect(() => readConfig(env)).toThrow(new ConfigError(fault));
  });
});

describe('The configuration of JWTs', () => {
  const JWT = { AUTH_JWT_AUDIENCE: 'registry' };
  const OWN =
    'AUTH_JWT_ISSUER takes an issuer other than PUBLIC_URL while AUTHORIZATION_SERVER is on: clients choose the scopes of its tokens';

  it.each([
    { ...JWT, ...SECURE, AUTH_JWT_ISSUER: 'https://registry.example' },
    { ...JWT, ...SECURE, AUTH_JWT_ISSUER: 'https://Registry.example:443/' },
    { ...JWT, ...SECURE, PUBLIC_URL: 'https://x.example/r/', AUTH_JWT_ISSUER: 'https://x.example/r' },
    { ...JWT, AUTH_JWT_ISSUER: 'http://127.0.0.1:3000' },
    { ...JWT, HOST: '::1', PORT: '4000', AUTH_JWT_ISSUER: 'http://[::1]:4000' },
  ])('rejects the built-in authorization server as the issuer: %j', (env) => {
    expect(() => readConfig(env)).toThrow(new ConfigError(OWN));
  });

  it.each([
    { ...JWT, ...SECURE, AUTH_JWT_ISSUER: 'https://registry.example/realms/acme' },
    { ...JWT, ...SECURE, AUTHORIZATION_SERVER: 'off', AUTH_JWT_ISSUER: 'https://registry.example' },
  ])('accepts another authorization server at the same host: %j', (env) => {
    expect(() => readConfig(env)).not.toThrow();
  });

  it('reports an issuer that cannot be used, and not that its audience is missing', () => {
    expect(() => readConfig({ AUTH_JWT_ISSUER: 'issuer' })).toThrow(
      new ConfigError('AUTH_JWT_ISSUER takes the https or http URL of the token issuer'),
    );
  });
});
