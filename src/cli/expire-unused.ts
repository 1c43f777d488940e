import { COMMAND_LINE } from '../audit/audit-event.js';
import { ClientUseRepository } from '../clients/client-use.repository.js';
import { ClientUseService } from '../clients/client-use.service.js';
import { readConfig } from '../config/config.js';
import { Transactions } from '../database/transactions.js';
import { type Command, readArguments, readMilliseconds, shown, UsageError } from './arguments.js';

const expireUnused: Command = (args) => {
  const { values } = readArguments(args, {
    'older-than': { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
  });
  const { 'older-than': olderThan, 'dry-run': isDryRun } = values;
  const ttlMs =
    olderThan === undefined
      ? readConfig(process.env).registrationUnusedTtlMs
      : readMilliseconds('--older-than', olderThan);
  if (ttlMs === null) throw new UsageError('Say --older-than 30d, or set REGISTRATION_UNUSED_TTL.');
  const limit = new Date(Date.now() - ttlMs);
  return async (dataSource) => {
    const service = new ClientUseService(new ClientUseRepository(new Transactions(dataSource), dataSource));
    const { count, oldest, newest } = await service.unusedSince(limit);
    process.stdout.write(
      `${count} anonymous clients were registered before ${limit.toISOString()} and never used; ` +
        `the oldest was created at ${shown(oldest, '-')}, the newest at ${shown(newest, '-')}.\n`,
    );
    if (isDryRun) return;
    let total = 0;
    for (let removed = -1; removed !== 0; total += removed) {
      removed = await service.expire(limit, COMMAND_LINE);
    }
    process.stdout.write(`${total} are removed.\n`);
  };
};

export const EXPIRE_UNUSED_COMMANDS: Record<string, Command> = { 'expire-unused': expireUnused };
