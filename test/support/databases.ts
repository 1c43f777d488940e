import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { readConfig } from '../../src/config/variables.js';
import { openDatabase } from '../../src/database/connection/open-database.js';
import { PERSISTENCE } from '../../src/persistence.js';
import { directoryInMemory } from './memory.js';

export const ENGINES = ['sqlite', 'postgres'] as const;
export type Engine = (typeof ENGINES)[number];

/** The database of PostgreSQL that migrated ones are copied from; created once in a run. */
const TEMPLATE = 'registry_template';
/** The file of SQLite that migrated ones are copied from; created once in a process. */
let sqliteTemplate: Promise<Buffer> | undefined;
/** PostgreSQL's code of the error that a template does not exist. */
const UNDEFINED_DATABASE = '3D000';

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

/**
 * A database of its own with the schema of this release and no rows. It is copied from a template: to run all migrations for each of
 * some hundred databases takes three times as long. The tests of migrations and of whole processes run them themselves.
 */
export async function createMigratedDatabase(engine: Engine): Promise<TestDatabase> {
  if (engine === 'sqlite') {
    const database = await createSqlite();
    await writeFile(pathOf(database), await (sqliteTemplate ??= createSqliteTemplate()));
    return database;
  }
  const copied = `TEMPLATE ${TEMPLATE} STRATEGY FILE_COPY`;
  try {
    return await createPostgres(copied);
  } catch (error) {
    if ((error as pg.DatabaseError).code !== UNDEFINED_DATABASE) throw error;
    await createTemplate();
    return createPostgres(copied);
  }
}

/** A connection past the service, to a database that is migrated first. */
export const connectTo = (url: string): Promise<DataSource> =>
  openDatabase(readConfig({ DATABASE_URL: url }).database, PERSISTENCE);

async function createSqlite(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(directoryInMemory() ?? tmpdir(), 'registry-sqlite-'));
  return {
    url: `sqlite:${join(directory, 'registry.sqlite')}`,
    drop: () => rm(directory, { recursive: true, force: true }),
  };
}

async function createSqliteTemplate(): Promise<Buffer> {
  const database = await createSqlite();
  const dataSource = await connectTo(database.url);
  await dataSource.destroy();
  const file = await readFile(pathOf(database));
  await database.drop();
  return file;
}

const pathOf = ({ url }: TestDatabase) => url.slice('sqlite:'.length);

async function createPostgres(options: string): Promise<TestDatabase> {
  const name = `registry_${randomUUID().replaceAll('-', '')}`;
  await asPostgresAdmin(`CREATE DATABASE ${name} ${options}`);
  return {
    url: `${process.env.TEST_POSTGRES_URL}/${name}`,
    drop: () => asPostgresAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Creates the template unless another test file has created it meanwhile. */
async function createTemplate(): Promise<void> {
  const client = new pg.Client(`${process.env.TEST_POSTGRES_URL}/postgres`);
  await client.connect();
  try {
    // Held until the connection ends
    await client.query('SELECT pg_advisory_lock(1)');
    const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [TEMPLATE]);
    if (rows.length > 0) return;
    const unfinished = `${TEMPLATE}_unfinished`;
    await client.query(`CREATE DATABASE ${unfinished}`);
    const dataSource = await connectTo(`${process.env.TEST_POSTGRES_URL}/${unfinished}`);
    await dataSource.destroy();
    // Only now does it have the name that other test files look for
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${TEMPLATE}`);
  } finally {
    await client.end();
  }
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
