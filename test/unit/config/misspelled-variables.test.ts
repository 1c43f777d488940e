import { ConfigError, readConfig, VARIABLES } from '../../../src/config/variables.js';

describe('A misspelled variable', () => {
  it.each([
    ['DATABASE_URI', 'DATABASE_URL'],
    ['database_url', 'DATABASE_URL'],
    ['DB_URL', 'DATABASE_URL'],
    ['TRUST_PROXIES', 'TRUST_PROXY'],
    ['TRUSTED_PROXIES', 'TRUST_PROXY'],
    ['NODE_ENVIRONMENT', 'NODE_ENV'],
    ['POSTGRES_URL', 'DATABASE_URL'],
    ['PG_URI', 'DATABASE_URL'],
    ['REDIS_URI', 'REDIS_URL'],
    ['REGISTATION_MODE', 'REGISTRATION_MODE'],
    ['REGISTRATION_ALOWED_SCOPES', 'REGISTRATION_ALLOWED_SCOPES'],
    ['registration-mode', 'REGISTRATION_MODE'],
    ['RATELIMIT_REGISTER', 'RATE_LIMIT_REGISTER'],
    ['TRUST_PROXYS', 'TRUST_PROXY'],
    ['port', 'PORT'],
  ])('is reported with the variable that is meant: %s, %s', (variable, meant) => {
    expect(() => readConfig({ [variable]: 'x' })).toThrow(
      new ConfigError(
        `${variable} is not a variable of this service; did you mean ${meant}? Set ${meant}, or remove ${variable}`,
      ),
    );
  });

  it('is not a variable of another program: near one that is set, far from all, or a link of Kubernetes', () => {
    const env = {
      DATABASE_URL: 'sqlite:x',
      DB_URL: 'mysql://db',
      DATABASE_URI: 'x',
      POST: '1',
      SPORT: '1',
      PGHOST: 'x',
      PGPORT: '1',
      DB_HOST: 'x',
      HOSTNAME: 'x',
      NODE_OPTIONS: '',
      POSTGRES_PASSWORD: 'x',
      REDIS_PORT: 'tcp://10.0.0.1:6379',
      METRIC_PORT: 'tcp://10.0.0.1:80',
      REGISTRATION_SERVICE_HOST: '10.0.0.1',
      OTEL_EXPORTER_OTLP_HEADERS: 'x',
      OTEL_SERVICE_NAME: 'x',
    };
    expect(readConfig(env)).toMatchObject({ database: { engine: 'sqlite', path: 'x' } });
  });

  it.each([
    'REGISTRATION_',
    'BOOTSTRAP_KEY',
    'RATE_LIMIT_BURST',
    'SOFTWARE_STATEMENT_KEYS',
    'ADMIN_CONSOLE_PATH',
    'GRAPHQL_EXPLORER_PATH',
    'MAX_CLIENTS_PER_TENANT',
  ])('stops the start if it has a prefix of this service: %s', (variable) => {
    const read = () => readConfig({ [variable]: '' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`${variable} is not a variable of this service; it knows ${VARIABLES.join(', ')}`);
  });
});
