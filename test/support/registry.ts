import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { GraphQLSchema } from 'graphql';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { SYSTEM } from '../../src/audit/audit-event.js';
import { buildApp } from '../../src/app.js';
import { ApiKeysService, type NewApiKey } from '../../src/auth/api-keys/api-keys.service.js';
import { bootstrapApiKey } from '../../src/auth/api-keys/bootstrap.js';
import { InitialAccessTokensService } from '../../src/clients/initial-access-tokens/initial-access-tokens.service.js';
import type { InitialAccessTokenDraft } from '../../src/policy/initial-access-token.js';
import { readConfig } from '../../src/config/variables.js';
import { HTTP_LIMITS, type HttpLimits } from '../../src/http/limits/limit-values.js';
import { checkDocumented } from './replies/documented-replies.js';
import { createDatabase, createMigratedDatabase, type Engine } from './databases.js';

/** An answer, read to its end. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // Any JSON value: a test states what it expects
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export interface Sending {
  method?: string;
  /** Sent as JSON, unless it is a string or bytes already. */
  body?: unknown;
  key?: string | null;
  headers?: Record<string, string>;
}

/** The service as production builds it, on a database of its own, over real HTTP. */
export class Registry {
  private constructor(
    /** Until it stops: a variable of a test file, which lives as long as Jest, would keep it in memory. */
    public app: NestFastifyApplication,
    readonly url: string,
    /** Of an admin of the organization `default`. */
    readonly adminKey: string,
    readonly databaseUrl: string,
    private readonly drop: () => Promise<void>,
  ) {}

  /**
   * @param wayTo the database URL that the service gets, for tests with a proxy between the two
   * @param consoleDirectory where the console was built; left out: where `npm run build` leaves it
   */
  static async start(
    engine: Engine,
    env: Record<string, string> = {},
    limits: Partial<HttpLimits> = {},
    wayTo?: (databaseUrl: string) => string | Promise<string>,
    consoleDirectory?: string,
  ): Promise<Registry> {
    // Another way may be that of another user, who is to own the tables
    const database = await (wayTo ? createDatabase(engine) : createMigratedDatabase(engine));
    const adminKey = `admin-key-${randomUUID()}`;
    const config = readConfig({
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      RATE_LIMIT_REGISTER: 'off',
      RATE_LIMIT_REGISTRATION_READ: 'off',
      RATE_LIMIT_FAILED_AUTH: 'off',
      RATE_LIMIT_GRAPHQL: 'off',
      RATE_LIMIT_ORG: 'off',
      DATABASE_URL: (await wayTo?.(database.url)) ?? database.url,
      BOOTSTRAP_API_KEY: adminKey,
      ...env,
    });
    const app = await buildApp(config, { ...HTTP_LIMITS, ...limits }, consoleDirectory);
    await bootstrapApiKey(app, config, false);
    await app.listen({ port: 0, host: '127.0.0.1' });
    return new Registry(app, await app.getUrl(), adminKey, database.url, () => database.drop());
  }

  async stop(): Promise<void> {
    await this.app.close();
    delete (this as Partial<Registry>).app;
    await this.drop();
  }

  get dataSource(): DataSource {
    return this.app.get(DataSource, { strict: false });
  }

  /** The schema, which the service builds with the first operation. */
  async graphqlSchema(): Promise<GraphQLSchema> {
    await this.graphql('{ __typename }');
    return this.app.get(GraphQLSchemaHost, { strict: false }).schema;
  }

  /** What a 401 says in WWW-Authenticate. @param error null: there were no credentials */
  challenge(error: string | null = null): string {
    const metadata = `resource_metadata="${this.url}/.well-known/oauth-protected-resource"`;
    return error === null ? `Bearer ${metadata}` : `Bearer error="${error}", ${metadata}`;
  }

  /** A key for a member of a new organization, unless one is given. */
  async createKey(
    overrides: Partial<NewApiKey> = {},
  ): Promise<{ id: string; apiKey: string; orgId: string }> {
    const orgId = overrides.orgId ?? `org-${randomUUID()}`;
    const key = {
      name: 'test',
      userId: 'user-1',
      role: 'member',
      expiresAt: null,
      ...overrides,
      orgId,
    } as const;
    const { apiKey, value } = await this.app.get(ApiKeysService, { strict: false }).create(key, SYSTEM);
    return { id: apiKey.id, apiKey: value, orgId };
  }

  /** A token with which 100 clients may be registered, by default. */
  createInitialAccessToken(overrides: Partial<InitialAccessTokenDraft> = {}) {
    const draft = {
      name: 'test',
      orgId: 'acme',
      userId: 'alice',
      maxRegistrations: 100,
      expiresAt: new Date(Date.now() + 86_400_000),
      scopes: null,
      grantTypes: null,
      redirectHosts: null,
      ...overrides,
    };
    return this.app.get(InitialAccessTokensService, { strict: false }).create(draft, SYSTEM);
  }

  /** Sends a request, and reads its reply. @throws Error if it is one of REST that the OpenAPI document does not promise */
  async send(path: string, sending: Sending = {}): Promise<Answer> {
    const answer = await sendTo(this.url, path, sending);
    const { status, body } = answer;
    const { method = 'POST' } = sending;
    checkDocumented(this.app, { method, url: `${this.url}${path}` }, { status, body });
    return answer;
  }

  createClient(body: unknown, key: string = this.adminKey): Promise<Answer> {
    return this.send('/v2/oauth/clients', { body, key });
  }

  register(body: unknown, key: string | null = null): Promise<Answer> {
    return this.send('/v2/oauth/register', { body, key });
  }

  graphql(query: string, variables: object = {}, key: string | null = this.adminKey): Promise<Answer> {
    return this.send('/graphql', { body: { query, variables }, key });
  }

  /** How many rows a table has. */
  async rows(table: 'oauth_clients' | 'oauth_client_secrets' | 'api_keys' | 'audit_events'): Promise<number> {
    const [row] = await this.dataSource.query<{ n: string | number }[]>(`SELECT COUNT(*) AS n FROM ${table}`);
    return Number(row?.n);
  }
}

/** Sends a request to a service, and reads its reply. */
export async function sendTo(
  url: string,
  path: string,
  { method = 'POST', body: sent, key = null, headers = {} }: Sending = {},
): Promise<Answer> {
  const isRaw = typeof sent === 'string' || sent instanceof Uint8Array;
  const response = await fetch(`${url}${path}`, {
    method,
    body: sent === undefined ? undefined : isRaw ? (sent as string) : JSON.stringify(sent),
    headers: {
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...headers,
    },
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  const body = isJson && text ? (JSON.parse(text) as unknown) : undefined;
  return { status: response.status, headers: response.headers, text, body };
}

/** A valid request, for cases that change one thing about it. */
export const aClient = (overrides: object = {}) => ({
  name: 'My OAuth client',
  client_type: 'confidential',
  allowed_scopes: ['admin'],
  allowed_grant_types: ['client_credentials'],
  ...overrides,
});
