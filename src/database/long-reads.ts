import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { traced } from '../diagnostics/channels.js';
import { Batcher } from './batcher.js';
import { driverOf } from './driver.js';
import { bindable, type RunSql, sqlRunner } from './run-sql.js';
import { SqliteThread } from './sqlite-thread.js';
import type { Row } from './table.js';

/** Tasks that SQLite's thread is given before it has done the first: to wake it takes as long as most of them. */
const AHEAD = 8;
/** How long one may wait for its turn: for some that take seconds each, and within what a request may take. */
const WAIT_MS = 15_000;

/**
 * Reads that may have to look at every row: a search, a condition without an index, rows that are counted one by one. Of a million
 * clients a database takes seconds for some. Those who ask for anything else do not wait for them (ADR 8): on SQLite, whose driver blocks,
 * they run in a thread of their own, one at a time; on PostgreSQL they leave half of the connections alone.
 */
@Injectable()
export class LongReads implements OnApplicationShutdown {
  private readonly thread: SqliteThread | null;
  private readonly queue: Batcher<() => Promise<Row[]>, Row[]>;

  constructor(private readonly dataSource: DataSource) {
    const driver = driverOf(dataSource);
    this.thread = driver.engine === 'sqlite' ? new SqliteThread(driver.connection) : null;
    const underWay = driver.engine === 'sqlite' ? AHEAD : Math.ceil(driver.pool.options.max / 2);
    this.queue = new Batcher({
      name: 'long read',
      run: async ([read]) => [{ value: await read!() }],
      limits: { size: 1, underWay, waitMs: WAIT_MS },
    });
  }

  /**
   * As {@link sqlRunner} for those that need not look far.
   * @throws RegistryError `temporarily_unavailable` where one cannot begin in time
   */
  runner(name: string): RunSql {
    const { thread, dataSource } = this;
    const run: RunSql =
      thread === null
        ? sqlRunner(dataSource, name)
        : (sql, parameters) =>
            traced(name, () => {
              dataSource.logger.logQuery(sql);
              return thread.read({ sql, parameters: bindable(parameters) });
            });
    return (sql, parameters) => this.queue.add(() => run(sql, parameters));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.thread?.end();
  }
}
