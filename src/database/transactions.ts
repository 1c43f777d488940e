import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { traced } from '../diagnostics/channels.js';

/**
 * The one way to write.
 *
 * On SQLite, TypeORM has a single connection: a second transaction that begins while one is open becomes a savepoint of
 * it, and goes with it when it rolls back, after its caller was told of success. So they pass one at a time there, and
 * begin and end here: TypeORM counts its open transactions, and miscounts where SQLite rolls back by itself (disk full),
 * after which it would commit nothing any more.
 */
@Injectable()
export class Transactions {
  private readonly isSqlite: boolean;
  private last: Promise<unknown> = Promise.resolve();
  private inLine = 0;

  constructor(private readonly dataSource: DataSource) {
    this.isSqlite = dataSource.options.type === 'better-sqlite3';
  }

  /** Runs `work` in a transaction of its own; what it wrote is durable when the promise resolves. */
  run<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return traced('transaction', () =>
      this.isSqlite ? this.next(() => this.runOnSqlite(work)) : this.dataSource.transaction(work),
    );
  }

  /** Runs `work`, which is a transaction itself, while no other is open on the one connection of SQLite. */
  runAlone<T>(work: () => T): Promise<T> {
    return this.next(() => Promise.resolve(work()));
  }

  /** Whether a transaction of SQLite is under way. */
  get isBusy(): boolean {
    return this.inLine > 0;
  }

  /** Transactions of SQLite that wait until those before them are through. */
  get waiting(): number {
    return Math.max(0, this.inLine - 1);
  }

  private next<T>(work: () => Promise<T>): Promise<T> {
    this.inLine++;
    const result = this.last.then(work);
    const leave = () => void this.inLine--;
    this.last = result.then(leave, leave);
    return result;
  }

  private async runOnSqlite<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    await this.dataSource.query('BEGIN IMMEDIATE');
    try {
      const result = await work(this.dataSource.manager);
      await this.dataSource.query('COMMIT');
      return result;
    } catch (error) {
      // Fails where SQLite has rolled back already
      await this.dataSource.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}
