import type { DataSource } from 'typeorm';
import { COMMAND_LINE } from '../audit/audit-event.js';
import { loadConfig } from '../config/load-config.js';
import { command, type Command, readMilliseconds, UsageError } from './arguments.js';

const expireUnused = command({
  does: 'Removes anonymous clients that were never used.',
  options: {
    'older-than': { takes: '30d', means: 'those registered before; without it, REGISTRATION_UNUSED_TTL' },
    'dry-run': { means: 'count them only' },
  },
  prepare: ({ 'older-than': olderThan, 'dry-run': isDryRun }) => {
    const { registrationUnusedTtlMs, purgeMaxClockSkewMs } = loadConfig();
    const ttlMs =
      olderThan === undefined ? registrationUnusedTtlMs : readMilliseconds('--older-than', olderThan);
    if (ttlMs === null) throw new UsageError('Give --older-than 30d, or set REGISTRATION_UNUSED_TTL.');
    return async (dataSource: DataSource) => {
      // Loaded now: TypeORM and Nest take longer to load than arguments to check
      const { ClientUseRepository } = await import('../clients/use/client-use.repository.js');
      const { ClientUseService } = await import('../clients/use/client-use.service.js');
      const { PurgeClock } = await import('../database/clock/purge-clock.js');
      const { WriteQueue } = await import('../database/writes/write-queue.js');
      const writeQueue = new WriteQueue(dataSource);
      const service = new ClientUseService(new ClientUseRepository(writeQueue, dataSource));
      const { time, behindMs } = await new PurgeClock(dataSource, writeQueue).read(purgeMaxClockSkewMs);
      if (behindMs > 0) {
        throw new Error(
          `The clock is more than PURGE_MAX_CLOCK_SKEW ahead of ${time.toISOString()}, when the service last purged. ` +
            'If it is right, set PURGE_MAX_CLOCK_SKEW to a longer time for this command.',
        );
      }
      const limit = new Date(time.getTime() - ttlMs);
      const { count, oldest, newest } = await service.unusedSince(limit);
      const which = `registered before ${limit.toISOString()} and never used`;
      if (count === 0) return void process.stdout.write(`Nothing to do: no anonymous client was ${which}.\n`);
      process.stdout.write(
        `${count} anonymous clients were ${which}; ` +
          `the oldest was created at ${oldest!.toISOString()}, the newest at ${newest!.toISOString()}.\n`,
      );
      if (isDryRun) return;
      const total = await service.expire(limit, COMMAND_LINE);
      process.stdout.write(`${total} are removed.\n`);
    };
  },
});

export const EXPIRE_UNUSED_COMMANDS: Record<string, Command<DataSource>> = { 'expire-unused': expireUnused };
