import type { DataSource } from 'typeorm';
import { COMMAND_LINE } from '../audit/audit-event.js';
import { apiKeyFaults, ApiKeysService } from '../auth/api-keys.service.js';
import { type Role, ROLES } from '../auth/principal.js';
import { Transactions } from '../database/transactions.js';
import {
  type Command,
  EVERYTHING,
  readArguments,
  readExpiry,
  readId,
  refuseFaults,
  shown,
  UsageError,
} from './arguments.js';

/** What the fields of a key are called on the command line. */
const OPTIONS = { name: '--name', orgId: '--org', userId: '--user', expiresAt: '--expires-in' };

const serviceOn = (dataSource: DataSource) => new ApiKeysService(dataSource, new Transactions(dataSource));

const create: Command = (args) => {
  const { values } = readArguments(args, {
    name: { type: 'string' },
    org: { type: 'string' },
    user: { type: 'string' },
    role: { type: 'string', default: 'member' },
    'expires-in': { type: 'string' },
  });
  const { name = '', org = '', user, role, 'expires-in': expiresIn } = values;
  if (!ROLES.includes(role as Role)) throw new UsageError(`--role takes ${ROLES.join(' or ')}.`);
  const expiresAt = expiresIn === undefined ? null : readExpiry(expiresIn);
  const key = { name, orgId: org, userId: user ?? name, role: role as Role, expiresAt };
  refuseFaults(apiKeyFaults(key, new Date()), OPTIONS);
  return async (dataSource) => {
    const { apiKey, value } = await serviceOn(dataSource).create(key, COMMAND_LINE);
    process.stdout.write(`API key ${apiKey.id}, shown this once:\n${value}\n`);
  };
};

const list: Command = (args) => {
  readArguments(args, {});
  return async (dataSource) => {
    const { rows: keys } = await serviceOn(dataSource).page({}, EVERYTHING);
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
    await serviceOn(dataSource).revoke(id, COMMAND_LINE);
    process.stdout.write(`API key ${id} is revoked.\n`);
  };
};

export const API_KEY_COMMANDS: Record<string, Command> = {
  'api-key create': create,
  'api-key list': list,
  'api-key revoke': revoke,
};
