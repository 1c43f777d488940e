import { ConfigError, readConfig, VARIABLES } from '../../../src/config/variables.js';

/** Variables that are valid with any text. */
const ANY_TEXT = [
  'NODE_ENV',
  'HOST',
  'METRICS_HOST',
  'AUTH_JWT_AUDIENCE',
  'AUTHORIZATION_LOGIN_CLIENT_ID',
  'AUTHORIZATION_LOGIN_CLIENT_SECRET',
  'AUTHORIZATION_LOGIN_ORG_CLAIM',
];

describe.each<[string, Record<string, string>]>([
  ['development', {}],
  ['production', { NODE_ENV: 'production', AUTHORIZATION_SERVER: 'on', PUBLIC_URL: 'https://a.example' }],
  [
    'production with everything that depends on something else',
    {
      NODE_ENV: 'production',
      AUTHORIZATION_SERVER: 'on',
      PUBLIC_URL: 'https://a.example',
      AUTH_JWT_ISSUER: 'https://login.example',
      AUTH_JWT_AUDIENCE: 'a',
      AUTHORIZATION_LOGIN_ISSUER: 'https://login.example',
      AUTHORIZATION_LOGIN_CLIENT_ID: 'a',
      AUTHORIZATION_RESOURCES: 'https://api.example=jwt',
      REGISTRATION_MODE: 'statement',
      REGISTRATION_METADATA: 'registered',
      SOFTWARE_STATEMENT_ISSUERS: 'https://login.example',
    },
  ],
])('in %s', (_, env) => {
  it.each(VARIABLES.filter((variable) => !ANY_TEXT.includes(variable)))(
    'an invalid %s is an error beside others',
    (variable) => {
      const read = () => readConfig({ ...env, [variable]: '\u0000'.repeat(70_000), REGISTRATION_MODUS: 'x' });
      expect(read).toThrow(ConfigError);
      expect(read).toThrow(new RegExp(`^${variable} `, 'm'));
      expect(read).toThrow(/^REGISTRATION_MODUS is not /m);
    },
  );
});
