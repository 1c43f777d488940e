import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { traced } from '../../diagnostics/channels.js';
import { continueInTurn, organizationCaller } from '../../event-loop/turns.js';
import type { Cancellation } from '../../queues/cancellation.js';
import { driverOf, type Row } from '../connection/driver.js';
import { FairQueue } from '../../queues/fair-queue.js';
import { bindable, type RunSql, sqlRunner } from './run-sql.js';
import { SqliteThread } from '../connection/sqlite-thread.js';

/** Tasks that SQLite's thread is given before it has done the first: to wake it takes as long as most of them. */
const AHEAD = 8;
/** How long one may wait for its turn: for some that take seconds each, and within what a request may take. */
const WAIT_MS = 15_000;
/** Waiting reads of one organization: two for each of 160 lists. The rest of the concurrent requests (HTTP_LIMITS) is for others. */
const MAX_WAITING = 320;

/** The caller of a read: an organization or, if there is none, the operators, which count as one organization. */
export interface ScanRequest extends Cancellation {
  orgId?: string;
}

/** As {@link RunSql}, by turns. */
export type RunLongSql = (
  sql: string,
  parameters: Record<string, unknown>,
  request?: ScanRequest,
) => Promise<Row[]>;

/**
 * Runs reads that may scan every row, without delaying others (ADR 8): on SQLite in a thread, one at a time; on PostgreSQL on at most half
 * of the connections. Organizations take turns.
 */
@Injectable()
export class ScanQueue implements OnApplicationShutdown {
  private readonly thread: SqliteThread | null;
  /** Reads by organization; the empty key is for operators. */
  private readonly queue: FairQueue;

  constructor(private readonly dataSource: DataSource) {
    const driver = driverOf(dataSource);
    this.thread = driver.engine === 'sqlite' ? new SqliteThread(driver.connection) : null;
    const inFlight = driver.engine === 'sqlite' ? AHEAD : Math.ceil(driver.pool.options.max / 2);
    // One in the thread, and the next
    const share = driver.engine === 'sqlite' ? 2 : Math.ceil(inFlight / 2);
    this.queue = new FairQueue(
      'long read',
      { inFlight, waitMs: WAIT_MS },
      { inFlight: share, waiting: MAX_WAITING, waitMs: WAIT_MS },
    );
  }

  /**
   * As {@link sqlRunner} for those that need not look far.
   * @throws RegistryError `temporarily_unavailable` if one cannot begin in time, or too many of the organization wait
   */
  runner(name: string): RunLongSql {
    const { thread, dataSource } = this;
    const run: RunSql =
      thread === null
        ? sqlRunner(dataSource, name)
        : (sql, parameters) =>
            traced(name, () => {
              dataSource.logger.logQuery(sql);
              return thread.read({ sql, parameters: bindable(parameters) });
            });
    return (sql, parameters, { orgId = '', ...cancellation } = {}) =>
      this.queue.run(
        async () => {
          const rows = await run(sql, parameters);
          // To make and send the reply takes long too, and the next is not in memory until then
          await continueInTurn(organizationCaller(orgId));
          return rows;
        },
        cancellation,
        orgId,
      );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.thread?.end();
  }
}
