import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Gauge, type Registry } from 'prom-client';
import { CLIENT_SOURCES, CLIENT_STATUSES } from '../../clients/client/client.js';
import { ClientSecretsService } from '../../clients/secrets/client-secrets.service.js';
import { ClientsService } from '../../clients/registry/clients.service.js';
import { DatabaseUse } from '../../database/database-use.js';
import type { CountsByKind } from '../../clients/client/client-query.js';

const MS_PER_DAY = 86_400_000;
const HORIZONS = { '1d': 1, '7d': 7, '30d': 30 };

/** Secrets that are looked at: enough to be warned by, and few enough to look at in one statement. */
const MAX_EXPIRING = 1_000;
const INTERVAL_MS = 300_000;
/** SQLite answers no other request meanwhile: about a millisecond (ADR 12). */
const CLIENTS_PER_STEP = 1_000;
const BETWEEN_STEPS_MS = 20;

/** Gauges of the state of the service. @returns a function that stops it */
export function showState(
  registry: Registry,
  app: NestFastifyApplication,
  isReady: () => Promise<unknown>,
): () => void {
  const registers = [registry];
  const get = <T>(type: new (...args: never[]) => T): T => app.get(type, { strict: false });
  const secrets = get(ClientSecretsService);
  const databaseUse = get(DatabaseUse);

  new Gauge({
    name: 'oauth_registry_database_connections',
    help: 'Database connections by state.',
    labelNames: ['state'] as const,
    registers,
    collect() {
      const { used, idle } = databaseUse.read();
      this.set({ state: 'used' }, used);
      this.set({ state: 'idle' }, idle);
    },
  });
  new Gauge({
    name: 'oauth_registry_database_connections_max',
    help: 'Maximum number of database connections.',
    registers,
    collect() {
      this.set(databaseUse.read().max);
    },
  });
  new Gauge({
    name: 'oauth_registry_database_waiting',
    help: 'Requests waiting for a database connection. On SQLite: transactions in the write queue.',
    registers,
    collect() {
      this.set(databaseUse.read().waiting);
    },
  });
  // After the use of the database, which it includes
  new Gauge({
    name: 'oauth_registry_ready',
    help: 'Readiness as in /health/ready: 1 if ready, otherwise 0.',
    registers,
    async collect() {
      this.set(
        await isReady().then(
          () => 1,
          () => 0,
        ),
      );
    },
  });
  const expiring = new Gauge({
    name: 'oauth_registry_secrets_expiring',
    help: `Active clients whose last valid secret expires within this time. Only the next ${MAX_EXPIRING} expiring secrets are counted. Updated every five minutes.`,
    labelNames: ['within'] as const,
    registers,
  });
  const clients = new Gauge({
    name: 'oauth_registry_clients',
    help: 'Clients by source, status and whether an organization owns them. Updated every five minutes.',
    labelNames: ['source', 'status', 'owned'] as const,
    registers,
  });
  // Not when asked: the other metrics are needed most while the database does not answer
  return keepOn(INTERVAL_MS, async (signal) => {
    for (const [within, days] of Object.entries(HORIZONS)) {
      const until = new Date(Date.now() + days * MS_PER_DAY);
      expiring.set({ within }, await secrets.countLastOnesExpiring(until, MAX_EXPIRING));
    }
    const counts = await countAllByKind(get(ClientsService), signal);
    for (const source of CLIENT_SOURCES) {
      for (const status of [...CLIENT_STATUSES, 'deleted']) {
        for (const owned of ['true', 'false']) clients.set({ source, status, owned }, 0);
      }
    }
    for (const { source, status, isOwned, count } of counts) {
      clients.inc({ source, status, owned: String(isOwned) }, count);
    }
  });
}

/** Counts all clients by their kind, in steps: a million in one statement keep SQLite, and every caller, busy for a second. */
async function countAllByKind(clients: ClientsService, signal: AbortSignal): Promise<CountsByKind[]> {
  const counts: CountsByKind[] = [];
  for (let from = ''; ;) {
    const step = await clients.countStep(from, CLIENTS_PER_STEP);
    counts.push(...step.counts);
    if (step.next === null) return counts;
    from = step.next;
    await wait(BETWEEN_STEPS_MS, undefined, { signal, ref: false });
  }
}

/** Does `work` again and again, whether or not it succeeds. @returns stops it */
function keepOn(intervalMs: number, work: (signal: AbortSignal) => Promise<void>): () => void {
  const stopping = new AbortController();
  const { signal } = stopping;
  const logger = new Logger('Metrics');
  const run = async () => {
    while (!signal.aborted) {
      await work(signal).catch((error: unknown) => {
        if (!signal.aborted) logger.warn(error);
      });
      await wait(intervalMs, undefined, { signal, ref: false });
    }
  };
  // Rejects only when it is aborted
  run().catch(() => undefined);
  return () => stopping.abort();
}
