import { existsSync } from 'node:fs';
import { API_KEY_COMMANDS } from './cli/api-keys.js';
import { type Command, readArguments, UsageError } from './cli/arguments.js';
import { EXPIRE_UNUSED_COMMANDS } from './cli/expire-unused.js';
import { INITIAL_ACCESS_TOKEN_COMMANDS } from './cli/initial-access-tokens.js';
import { readConfig } from './config/config.js';
import { openDatabase } from './database/open-database.js';

const USAGE = `Manages credentials and unused clients in the database of DATABASE_URL, which it brings up to date first.

  npm run api-key -- create --name NAME --org ORG [--user USER] [--role member|admin] [--expires-in 90d]
  npm run api-key -- list
  npm run api-key -- revoke ID

  npm run initial-access-token -- create --name NAME --org ORG --max COUNT --expires-in 90d [--user USER]
      [--scopes "read write"] [--grant-types "authorization_code"] [--redirect-hosts "example.com *.example.com"]
  npm run initial-access-token -- list
  npm run initial-access-token -- revoke ID

  npm run expire-unused -- [--older-than 30d] [--dry-run]

  npm run migrate
`;

const migrate: Command = (args) => {
  readArguments(args, {});
  // Opening the database is all there is to do
  return () => Promise.resolve(void process.stdout.write('The database is up to date.\n'));
};

const COMMANDS: Record<string, Command> = {
  ...API_KEY_COMMANDS,
  ...INITIAL_ACCESS_TOKEN_COMMANDS,
  ...EXPIRE_UNUSED_COMMANDS,
  migrate,
};

async function main(): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const words = process.argv.slice(2);
  const [name, command] =
    Object.entries(COMMANDS).find(([name]) => `${words.join(' ')} `.startsWith(`${name} `)) ?? [];
  if (name === undefined || command === undefined) {
    throw new UsageError(`Say one of: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  const work = command(words.slice(name.split(' ').length));
  const dataSource = await openDatabase(readConfig(process.env).database);
  try {
    await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n${error instanceof UsageError ? `\n${USAGE}` : ''}`);
  process.exit(1);
});
