import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ApiKeysService } from './auth/api-keys.service.js';
import { type Role, ROLES } from './auth/principal.js';
import { readConfig } from './config/config.js';
import { openDatabase } from './database/open-database.js';
import { Transactions } from './database/transactions.js';

const USAGE = `Manages API keys in the database of DATABASE_URL.

  npm run api-key -- create --name NAME --org ORG [--user USER] [--role member|admin] [--expires-in 90d]
  npm run api-key -- list
  npm run api-key -- revoke ID
`;

const MS_PER_UNIT: Partial<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MAX_LENGTH = 255;

/** A mistake in the arguments: worth one line and the usage. */
class UsageError extends Error {}

async function main(): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const { values, positionals } = readArguments();
  const [command, ...operands] = positionals;
  const commands: Partial<Record<string, (keys: ApiKeysService) => Promise<void>>> = {
    create: (keys) => create(keys, values),
    list,
    revoke: (keys) => revoke(keys, operands[0]),
  };
  const run = Object.hasOwn(commands, command ?? '') ? commands[command ?? ''] : undefined;
  if (!run) throw new UsageError('Say create, list or revoke.');
  const surplus = operands.slice(command === 'revoke' ? 1 : 0);
  if (surplus.length > 0) throw new UsageError(`${surplus[0]} is too much.`);
  await withApiKeys(run);
}

type Options = ReturnType<typeof readArguments>['values'];

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        org: { type: 'string' },
        user: { type: 'string' },
        role: { type: 'string', default: 'member' },
        'expires-in': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function withApiKeys(run: (keys: ApiKeysService) => Promise<void>): Promise<void> {
  const dataSource = await openDatabase(readConfig(process.env).database);
  try {
    await run(new ApiKeysService(dataSource, new Transactions(dataSource)));
  } finally {
    await dataSource.destroy();
  }
}

async function create(keys: ApiKeysService, options: Options): Promise<void> {
  const { name, org, user, role } = options;
  if (!isName(name) || !isName(org))
    throw new UsageError(`--name and --org take 1 to ${MAX_LENGTH} characters.`);
  if (user !== undefined && !isName(user))
    throw new UsageError(`--user takes 1 to ${MAX_LENGTH} characters.`);
  if (!ROLES.includes(role as Role)) throw new UsageError(`--role takes ${ROLES.join(' or ')}.`);
  const { id, apiKey } = await keys.create({
    name,
    orgId: org,
    userId: user ?? name,
    role: role as Role,
    expiresAt: readExpiry(options['expires-in']),
  });
  process.stdout.write(`API key ${id}, shown this once:\n${apiKey}\n`);
}

const isName = (value: string | undefined): value is string =>
  value !== undefined && value.length > 0 && value.length <= MAX_LENGTH;

function readExpiry(duration: string | undefined): Date | null {
  if (duration === undefined) return null;
  const [, count, unit = ''] = /^([1-9]\d{0,4})([mhd])$/.exec(duration) ?? [];
  const ms = Number(count) * (MS_PER_UNIT[unit] ?? NaN);
  if (Number.isNaN(ms)) throw new UsageError('--expires-in takes a number and m, h or d, such as 90d.');
  return new Date(Date.now() + ms);
}

async function list(keys: ApiKeysService): Promise<void> {
  const rows = (await keys.list()).map(
    ({ id, name, hint, orgId, userId, role, lastUsedAt, expiresAt, revokedAt }) => ({
      id,
      name,
      key: `…${hint}`,
      org: orgId,
      user: userId,
      role,
      'last used': lastUsedAt?.toISOString() ?? 'never',
      expires: expiresAt?.toISOString() ?? 'never',
      revoked: revokedAt?.toISOString() ?? 'no',
    }),
  );
  console.table(rows);
}

async function revoke(keys: ApiKeysService, id: string | undefined): Promise<void> {
  if (!id) throw new UsageError('Say which key: its ID is in the list.');
  if (!(await keys.revoke(id))) throw new Error(`There is no valid API key ${id}.`);
  process.stdout.write(`API key ${id} is revoked.\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n${error instanceof UsageError ? `\n${USAGE}` : ''}`);
  process.exit(1);
});
