import type { DataSource } from 'typeorm';
import { COMMAND_LINE } from '../audit/audit-event.js';
import { DURATION_UNITS } from '../config/duration.js';
import { type Role, ROLES } from '../auth/principal/principal.js';
import {
  command,
  type Command,
  EVERYTHING,
  readExpiry,
  rejectInvalidOptions,
  UsageError,
} from './arguments.js';
import { day, expiry, listCommand } from './list.js';

/** What the fields of a key are called on the command line. */
const OPTIONS = { name: '--name', orgId: '--org', userId: '--user', expiresAt: '--expires-in' };

/** Loaded when a command needs it: TypeORM and Nest take longer to load than arguments to check. */
async function serviceOn(dataSource: DataSource) {
  const { ApiKeysService } = await import('../auth/api-keys/api-keys.service.js');
  const { ApiKeysRepository } = await import('../auth/api-keys/api-keys.repository.js');
  const { WriteQueue } = await import('../database/writes/write-queue.js');
  return new ApiKeysService(new ApiKeysRepository(dataSource, new WriteQueue(dataSource)));
}

export const API_KEY_COMMANDS: Record<string, Command<DataSource>> = {
  'api-key create': command({
    does: 'Creates an API key and prints it, this once.',
    options: {
      name: { takes: 'NAME', isRequired: true, means: 'what the key is for' },
      org: { takes: 'ORG', isRequired: true, means: 'the organization that it belongs to' },
      user: { takes: 'USER', means: 'the user that it belongs to; without it, its name' },
      role: { takes: ROLES.join('|'), means: 'what it may do; without it, what a member may' },
      'expires-in': { takes: '90d', means: `a number and ${DURATION_UNITS}; without it, it never expires` },
    },
    prepare: async ({ name, org, user = name, role = 'member', 'expires-in': expiresIn }) => {
      if (!ROLES.includes(role as Role)) throw new UsageError(`--role takes ${ROLES.join(', ')}.`);
      const expiresAt = expiresIn === undefined ? null : readExpiry(expiresIn);
      const key = { name, orgId: org, userId: user, role: role as Role, expiresAt };
      const { apiKeyFaults } = await import('../auth/api-keys/api-keys.service.js');
      rejectInvalidOptions(apiKeyFaults(key, new Date()), OPTIONS);
      return async (dataSource: DataSource) => {
        const { apiKey, value } = await (await serviceOn(dataSource)).create(key, COMMAND_LINE);
        process.stdout.write(`API key ${apiKey.id}, shown this once:\n${value}\n`);
      };
    },
  }),
  'api-key list': listCommand(
    'Lists all API keys.',
    async (dataSource: DataSource) => (await (await serviceOn(dataSource)).page({}, EVERYTHING)).rows,
    {
      table: (key) => ({
        id: key.id,
        name: key.name,
        key: `…${key.hint}`,
        org: key.orgId,
        role: key.role,
        'last used': day(key.lastUsedAt, 'never'),
        expires: expiry(key),
      }),
      json: [
        'id',
        'name',
        'hint',
        'orgId',
        'userId',
        'role',
        'createdAt',
        'lastUsedAt',
        'expiresAt',
        'revokedAt',
      ],
    },
  ),
  'api-key revoke': command({
    does: 'Revokes an API key.',
    options: {},
    operand: 'ID',
    prepare: (_, id) => async (dataSource: DataSource) => {
      await (await serviceOn(dataSource)).revoke(id, COMMAND_LINE);
      process.stdout.write(`API key ${id} is revoked.\n`);
    },
  }),
};
