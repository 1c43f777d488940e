import { API_KEY_COMMANDS } from './cli/api-keys.js';
import { type Command, readArguments, UsageError } from './cli/arguments.js';
import { backup } from './cli/backup.js';
import { EXPIRE_UNUSED_COMMANDS } from './cli/expire-unused.js';
import { INITIAL_ACCESS_TOKEN_COMMANDS } from './cli/initial-access-tokens.js';
import type { DatabaseConfig } from './config/config.js';
import { loadConfig } from './config/load-config.js';
import { openDatabase, openMigratedDatabase } from './database/open-database.js';
import { PERSISTENCE } from './persistence.js';

const USAGE = `Manages the database of DATABASE_URL. Only migrate changes its schema.

  npm run api-key -- create --name NAME --org ORG [--user USER] [--role member|admin] [--expires-in 90d]
  npm run api-key -- list
  npm run api-key -- revoke ID

  npm run initial-access-token -- create --name NAME --org ORG --max COUNT --expires-in 90d [--user USER]
      [--scopes "read write"] [--grant-types "authorization_code"] [--redirect-hosts "example.com *.example.com"]
  npm run initial-access-token -- list
  npm run initial-access-token -- revoke ID

  npm run expire-unused -- [--older-than 30d] [--dry-run]

  npm run migrate

  npm run backup -- FILE
`;

const migrate = (args: string[]) => {
  readArguments(args, {});
  return async (database: DatabaseConfig) => {
    const dataSource = await openDatabase(database, PERSISTENCE);
    await dataSource.destroy();
    process.stdout.write('The database is up to date.\n');
  };
};

/** What works on a database that is up to date. */
const COMMANDS: Record<string, Command> = {
  ...API_KEY_COMMANDS,
  ...INITIAL_ACCESS_TOKEN_COMMANDS,
  ...EXPIRE_UNUSED_COMMANDS,
};

/** Everything that can be said: understands its arguments, and does the work once the configuration is read. */
const PROGRAMS: Record<string, (args: string[]) => (database: DatabaseConfig) => void | Promise<void>> = {
  ...Object.fromEntries(Object.entries(COMMANDS).map(([name, command]) => [name, onMigrated(command)])),
  migrate,
  backup,
};

function onMigrated(command: Command) {
  return (args: string[]) => {
    const work = command(args);
    return async (database: DatabaseConfig) => {
      const dataSource = await openMigratedDatabase(database, PERSISTENCE);
      try {
        await work(dataSource);
      } finally {
        await dataSource.destroy();
      }
    };
  };
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const [name, program] =
    Object.entries(PROGRAMS).find(([name]) => `${words.join(' ')} `.startsWith(`${name} `)) ?? [];
  if (name === undefined || program === undefined) {
    throw new UsageError(`Say one of: ${Object.keys(PROGRAMS).join(', ')}.`);
  }
  const work = program(words.slice(name.split(' ').length));
  await work(loadConfig().database);
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n${error instanceof UsageError ? `\n${USAGE}` : ''}`);
  process.exit(1);
});
