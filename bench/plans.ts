import { resolve } from 'node:path';
import { AS_ADMIN, JSON_BODY } from './requests.js';
import { GROWING } from './growing.js';
import { API_KEY, type Server } from './server.js';

const DIST = resolve(import.meta.dirname, '../dist/src');

/** What this needs of the service, which is compiled apart. */
interface App {
  get(token: unknown, options: { strict: false }): DataSource;
  listen(options: { port: number; host: string }): Promise<unknown>;
  getUrl(): Promise<string>;
  close(): Promise<void>;
}
interface DataSource {
  logger: { logQuery(sql: string, parameters?: unknown[]): void };
  query(sql: string, parameters?: unknown[]): Promise<Record<string, unknown>[]>;
}

/**
 * How the database goes about each statement that the requests of GROWING make it run, from the service itself in this process.
 * @returns Markdown
 */
export async function plansOf(databaseUrl: string, clientId: string, size: number): Promise<string[]> {
  const { buildApp } = (await import(`${DIST}/app.js`)) as { buildApp: (config: unknown) => Promise<App> };
  const { readConfig } = (await import(`${DIST}/config/variables.js`)) as {
    readConfig: (env: Record<string, string>) => unknown;
  };
  const { DataSource: Token } = (await import('typeorm')) as { DataSource: unknown };
  const app = await buildApp(
    readConfig({
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: 'silent',
      RATE_LIMIT_REGISTER: 'off',
      RATE_LIMIT_REGISTRATION_READ: 'off',
      RATE_LIMIT_FAILED_AUTH: 'off',
      RATE_LIMIT_GRAPHQL: 'off',
      RATE_LIMIT_ORG: 'off',
      PORT: '0',
      BOOTSTRAP_API_KEY: API_KEY,
    }),
  );
  try {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const server = { url: await app.getUrl(), ids: [clientId] } as Server;
    const dataSource = app.get(Token, { strict: false });
    const plans: string[] = [];
    for (const { label, headers, requests } of GROWING) {
      const { method, path, body } = requests(server, size)[0]!;
      const statements = await statementsOf(dataSource, () =>
        fetch(server.url + path, { method, headers: { ...JSON_BODY, ...AS_ADMIN, ...headers }, body }),
      );
      for (const { sql, parameters } of statements.filter(({ sql }) => /^(SELECT|UPDATE)/.test(sql))) {
        const plan = await explain(dataSource, databaseUrl.startsWith('sqlite:'), sql, parameters);
        plans.push(`- ${label}: \`${shortened(sql)}\`\n\n${plan.map((line) => `      ${line}`).join('\n')}`);
      }
    }
    return [...new Set(plans)];
  } finally {
    await app.close();
  }
}

async function statementsOf(dataSource: DataSource, work: () => Promise<Response>) {
  const statements: { sql: string; parameters: unknown[] }[] = [];
  const { logger } = dataSource;
  const original = logger.logQuery.bind(logger);
  logger.logQuery = (sql, parameters = []) => void statements.push({ sql, parameters });
  try {
    const response = await work();
    if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
    await response.text();
  } finally {
    logger.logQuery = original;
  }
  return statements;
}

async function explain(
  dataSource: DataSource,
  isSqlite: boolean,
  sql: string,
  parameters: unknown[],
): Promise<string[]> {
  // SQLite plans without the values
  const rows = await dataSource.query(
    `EXPLAIN ${isSqlite ? 'QUERY PLAN ' : ''}${sql.replace(/:\w+/g, isSqlite ? 'NULL' : '$&')}`,
    parameters,
  );
  return rows.map((row) => String(row.detail ?? row['QUERY PLAN']));
}

const shortened = (sql: string) =>
  sql
    .replace(/^SELECT .*? FROM/, 'SELECT … FROM')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
