import type { Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Controller, Get, Header } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiExcludeController } from '@nestjs/swagger';
import { Access } from '../../../auth/principal/access-roles.js';
import { Readiness } from '../../../database/readiness.js';
import { RegistryError, RETRY_AFTER_SECONDS } from '../../../errors/registry-error.js';

/** Less than the usual timeout of probes. */
const DATABASE_TIMEOUT_MS = 2_000;

const timeout = () =>
  setTimeout(DATABASE_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`The database did not respond within ${DATABASE_TIMEOUT_MS} ms`);
  });

const unavailable = (reason: string, cause?: unknown) =>
  new RegistryError('temporarily_unavailable', reason, { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });

/** Probes for orchestrators and load balancers. */
@Controller('health')
@Access('public')
@ApiExcludeController()
export class HealthController {
  private checking: Promise<boolean> | undefined;

  constructor(
    private readonly readiness: Readiness,
    private readonly http: HttpAdapterHost,
  ) {}

  /** Liveness: the process responds. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): { status: string } {
    return { status: 'ok' };
  }

  /** Readiness: the service is not shutting down, and the database responds, is migrated and writable. */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  async ready(): Promise<{ status: string }> {
    const server = this.http.httpAdapter.getHttpServer() as Server;
    if (!server.listening) throw unavailable('The service is shutting down.');
    let cause: unknown;
    try {
      if (await Promise.race([this.check(), timeout()])) return { status: 'ok' };
    } catch (error) {
      cause = error;
    }
    throw unavailable('The database does not respond, has pending migrations, or is not writable.', cause);
  }

  /** One check at a time: the endpoint is public, and the database may hang. */
  private check(): Promise<boolean> {
    this.checking ??= this.readiness.isReady().finally(() => {
      this.checking = undefined;
    });
    return this.checking;
  }
}
