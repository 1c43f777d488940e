import type { Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Controller, Get, Header } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
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

const unavailable = (reason: string, cause?: unknown) =>
  new RegistryError('temporarily_unavailable', reason, { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });

/** For whoever restarts instances and sends them requests. */
@Controller('health')
@Access('public')
@ApiExcludeController()
export class HealthController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly http: HttpAdapterHost,
  ) {}

  /** The process runs; a restart would help nothing. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): { status: string } {
    return { status: 'ok' };
  }

  /** Requests can be served: the service does not stop, and the database answers and is migrated. */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  async ready(): Promise<{ status: string }> {
    const server = this.http.httpAdapter.getHttpServer() as Server;
    if (!server.listening) throw unavailable('The service stops.');
    let cause: unknown;
    try {
      if (await Promise.race([isMigrated(this.dataSource), timeout()])) return { status: 'ok' };
    } catch (error) {
      cause = error;
    }
    throw unavailable('The database does not answer, or is not migrated.', cause);
  }
}
