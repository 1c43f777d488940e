import type { DataSource } from 'typeorm';
import { ApiKeysService } from '../auth/api-keys.service.js';
import { type Role, ROLES } from '../auth/principal.js';
import { Transactions } from '../database/transactions.js';
import { type Command, readArguments, readExpiry, readId, shown, UsageError } from './arguments.js';

const MAX_LENGTH = 255;

const serviceOn = (dataSource: DataSource) => new ApiKeysService(dataSource, new Transactions(dataSource));

const create: Command = (args) => {
  const { values } = readArguments(args, {
    name: { type: 'string' },
    org: { type: 'string' },
    user: { type: 'string' },
    role: { type: 'string', default: 'member' },
    'expires-in': { type: 'string' },
  });
  const { name, org, user, role, 'expires-in': expiresIn } = values;
  if (!isName(name) || !isName(org))
    throw new UsageError(`--name and --org take 1 to ${MAX_LENGTH} characters.`);
  if (user !== undefined && !isName(user))
    throw new UsageError(`--user takes 1 to ${MAX_LENGTH} characters.`);
  if (!ROLES.includes(role as Role)) throw new UsageError(`--role takes ${ROLES.join(' or ')}.`);
  const expiresAt = expiresIn === undefined ? null : readExpiry(expiresIn);
  return async (dataSource) => {
    const key = { name, orgId: org, userId: user ?? name, role: role as Role, expiresAt };
    const { id, apiKey } = await serviceOn(dataSource).create(key);
    process.stdout.write(`API key ${id}, shown this once:\n${apiKey}\n`);
  };
};

const isName = (value: string | undefined): value is string =>
  value !== undefined && value.length > 0 && value.length <= MAX_LENGTH;

const list: Command = (args) => {
  readArguments(args, {});
  return async (dataSource) => {
    const keys = await serviceOn(dataSource).list();
    console.table(
      keys.map((key) => ({
        id: key.id,
        name: key.name,
        key: `…${key.hint}`,
        org: key.orgId,
        user: key.userId,
        role: key.role,
        'last used': shown(key.lastUsedAt, 'never'),
        expires: shown(key.expiresAt, 'never'),
        revoked: shown(key.revokedAt, 'no'),
      })),
    );
  };
};

const revoke: Command = (args) => {
  const id = readId(args);
  return async (dataSource) => {
    if (!(await serviceOn(dataSource).revoke(id))) throw new Error(`There is no valid API key ${id}.`);
    process.stdout.write(`API key ${id} is revoked.\n`);
  };
};

export const API_KEY_COMMANDS: Record<string, Command> = {
  'api-key create': create,
  'api-key list': list,
  'api-key revoke': revoke,
};
