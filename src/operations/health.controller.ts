import { setTimeout } from 'node:timers/promises';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Access } from '../auth/access.js';
import { isMigrated } from '../database/migrate.js';
import { RegistryError } from '../errors/registry-error.js';

const RETRY_AFTER_SECONDS = 5;
/** Less than those who ask usually wait. */
const DATABASE_TIMEOUT_MS = 2_000;

const timeout = () =>
  setTimeout(DATABASE_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`The database has not answered for ${DATABASE_TIMEOUT_MS} ms`);
  });

/** For whoever restarts instances and sends them requests. */
@Controller('health')
@Access('public')
@ApiExcludeController()
export class HealthController {
  constructor(private readonly dataSource: DataSource) {}

  /** The process runs; a restart would help nothing. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): { status: string } {
    return { status: 'ok' };
  }

  /** Requests can be served: the database answers and is migrated. */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  async ready(): Promise<{ status: string }> {
    let cause: unknown;
    try {
      if (await Promise.race([isMigrated(this.dataSource), timeout()])) return { status: 'ok' };
    } catch (error) {
      cause = error;
    }
    throw new RegistryError('temporarily_unavailable', 'The database does not answer, or is not migrated.', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause,
    });
  }
}
