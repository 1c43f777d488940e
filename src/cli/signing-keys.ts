import type { DataSource } from 'typeorm';
import { COMMAND_LINE } from '../audit/audit-event.js';
import { loadConfig } from '../config/load-config.js';
import { command, type Command } from './arguments.js';
import { listCommand } from './list.js';

/** Loaded when a command needs it: TypeORM and Nest take longer to load than arguments to check. */
async function serviceOn(dataSource: DataSource) {
  const { SigningKeys } = await import('../authorization/keys/signing-keys.js');
  const { SigningKeysRepository } = await import('../authorization/keys/signing-keys.repository.js');
  const { WriteQueue } = await import('../database/writes/write-queue.js');
  const repository = new SigningKeysRepository(dataSource, new WriteQueue(dataSource));
  return new SigningKeys(repository, loadConfig());
}

export const SIGNING_KEY_COMMANDS: Record<string, Command<DataSource>> = {
  'signing-key list': listCommand(
    'Lists the published keys that sign access tokens.',
    async (dataSource: DataSource) => (await serviceOn(dataSource)).list(),
    {
      table: (key) => ({
        kid: key.kid,
        status: key.status,
        created: key.createdAt.toISOString(),
        'signs from': key.activeFrom.toISOString(),
      }),
      json: ['kid', 'status', 'createdAt', 'activeFrom'],
    },
  ),
  'signing-key rotate': command({
    does: 'Creates the next key that signs access tokens. It is published for a day before it signs.',
    options: {
      'revoke-others': {
        means: 'for a key that leaked: the new one signs at once, and tokens of all others end',
      },
    },
    prepare:
      ({ 'revoke-others': revokesOthers }) =>
      async (dataSource: DataSource) => {
        const key = await (await serviceOn(dataSource)).rotate(revokesOthers, COMMAND_LINE);
        process.stdout.write(`Signing key ${key.kid} signs from ${key.activeFrom.toISOString()}.\n`);
      },
  }),
};
