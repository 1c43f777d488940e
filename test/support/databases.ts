import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { readConfig } from '../../src/config/config.js';
import { openDatabase } from '../../src/database/open-database.js';
import { PERSISTENCE } from '../../src/persistence.js';

export const ENGINES = ['sqlite', 'postgres'] as const;
export type Engine = (typeof ENGINES)[number];

/** An empty database of its own, and how to be rid of it. */
export interface TestDatabase {
  /** For DATABASE_URL. */
  url: string;
  drop(): Promise<void>;
}

/** Runs the same tests on both engines. */
export function onEachEngine(tests: (engine: Engine) => void): void {
  describe.each(ENGINES)('on %s', tests);
}

/** @param options of PostgreSQL's CREATE DATABASE */
export async function createDatabase(engine: Engine, options = ''): Promise<TestDatabase> {
  return engine === 'sqlite' ? createSqlite() : createPostgres(options);
}

/** A connection past the service, to a database that is migrated first. */
export const connectTo = (url: string): Promise<DataSource> =>
  openDatabase(readConfig({ DATABASE_URL: url }).database, PERSISTENCE);

async function createSqlite(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'registry-sqlite-'));
  return {
    url: `sqlite:${join(directory, 'registry.sqlite')}`,
    drop: () => rm(directory, { recursive: true, force: true }),
  };
}

async function createPostgres(options: string): Promise<TestDatabase> {
  const name = `registry_${randomUUID().replaceAll('-', '')}`;
  await asPostgresAdmin(`CREATE DATABASE ${name} ${options}`);
  return {
    url: `${process.env.TEST_POSTGRES_URL}/${name}`,
    drop: () => asPostgresAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

export async function asPostgresAdmin(sql: string): Promise<void> {
  const client = new pg.Client(`${process.env.TEST_POSTGRES_URL}/postgres`);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
