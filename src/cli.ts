import { statSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { API_KEY_COMMANDS } from './cli/api-keys.js';
import { command, type Command, UsageError } from './cli/arguments.js';
import { backup } from './cli/backup.js';
import { EXPIRE_UNUSED_COMMANDS } from './cli/expire-unused.js';
import { INITIAL_ACCESS_TOKEN_COMMANDS } from './cli/initial-access-tokens.js';
import { restore } from './cli/restore.js';
import { SIGNING_KEY_COMMANDS } from './cli/signing-keys.js';
import { overviewOf, usageOf } from './cli/usage.js';
import type { DatabaseConfig } from './config/variables.js';
import { loadConfig } from './config/load-config.js';
import { keepFilesPrivate } from './database/connection/file-permissions.js';

const migrate = command({
  does: 'Brings the database up to date.',
  options: {},
  prepare: () => async (database: DatabaseConfig) => {
    const { migrateDatabase, PERSISTENCE } = await loadDatabase();
    const applied = await migrateDatabase(database, PERSISTENCE);
    for (const name of applied) process.stdout.write(`Applied ${name}\n`);
    process.stdout.write(`The database ${applied.length > 0 ? 'is' : 'was already'} up to date.\n`);
  },
});

const COMMANDS: Record<string, Command<DatabaseConfig>> = {
  ...onMigrated(API_KEY_COMMANDS),
  ...onMigrated(INITIAL_ACCESS_TOKEN_COMMANDS),
  ...onMigrated(EXPIRE_UNUSED_COMMANDS),
  ...onMigrated(SIGNING_KEY_COMMANDS),
  migrate,
  backup,
  restore,
};

/** Loaded late: arguments and the configuration are checked in a fraction of the time that this takes to load. */
async function loadDatabase() {
  return {
    ...(await import('./database/connection/open-database.js')),
    ...(await import('./persistence.js')),
  };
}

const LOCKED =
  'Another session has locked what this command needs (see pg_locks). Run it again once that has ended.';

/** Commands that work on a database that is up to date. */
function onMigrated(commands: Record<string, Command<DataSource>>): Record<string, Command<DatabaseConfig>> {
  const open =
    (work: (dataSource: DataSource) => void | Promise<void>) => async (database: DatabaseConfig) => {
      // Throws if the directory is not accessible
      if (database.engine === 'sqlite' && !statSync(database.path, { throwIfNoEntry: false })) {
        throw new Error(
          `The database ${database.path} does not exist. Set DATABASE_URL as the service has it, or create the database with "npm run migrate".`,
        );
      }
      const { openMigratedDatabase, PERSISTENCE } = await loadDatabase();
      const dataSource = await openMigratedDatabase(database, PERSISTENCE);
      try {
        await work(dataSource);
      } catch (error) {
        const { isLocked } = await import('./database/connection/unavailable.js');
        if (!isLocked(error) && !isLocked((error as Error).cause)) throw error;
        throw new Error(LOCKED, { cause: error });
      } finally {
        await dataSource.destroy();
      }
    };
  return Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [
      name,
      { ...command, prepare: async (args: string[]) => open(await command.prepare(args)) },
    ]),
  );
}

async function main(): Promise<void> {
  keepFilesPrivate();
  const words = process.argv.slice(2);
  const [name, found] =
    Object.entries(COMMANDS).find(([name]) => `${words.join(' ')} `.startsWith(`${name} `)) ?? [];
  const usage = name !== undefined && found !== undefined ? usageOf(name, found) : overviewOf(related(words));
  if (words.some((word) => word === '--help' || word === '-h')) return void process.stdout.write(usage);
  try {
    if (name === undefined || found === undefined) {
      throw new UsageError(`Say one of: ${Object.keys(related(words)).join(', ')}.`);
    }
    const work = await found.prepare(words.slice(name.split(' ').length));
    await work(loadConfig().database);
  } catch (error) {
    if (error instanceof UsageError)
      throw new Error(`${error.message}\n\n${usage.trimEnd()}`, { cause: error });
    throw error;
  }
}

/** The commands that begin as these words do; all, where none does. */
function related([word]: string[]): typeof COMMANDS {
  const entries = Object.entries(COMMANDS).filter(([name]) => name.startsWith(`${word} `));
  return entries.length > 0 ? Object.fromEntries(entries) : COMMANDS;
}

process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  // `list | head` has read what it wanted
  if (code !== 'EPIPE') process.stderr.write(`Standard output cannot be written: ${message}\n`);
  process.exit(1);
});
process.stderr.on('error', () => process.exit(1));
main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
});
