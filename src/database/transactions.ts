import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/**
 * The one way to write.
 *
 * On SQLite, TypeORM has a single connection: a second transaction that begins while one is open becomes a savepoint of
 * it, and goes with it when it rolls back, after its caller was told of success. So they pass one at a time there.
 */
@Injectable()
export class Transactions {
  private readonly oneAtATime: boolean;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly dataSource: DataSource) {
    this.oneAtATime = dataSource.options.type === 'better-sqlite3';
  }

  /** Runs `work` in a transaction of its own; what it wrote is durable when the promise resolves. */
  run<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    if (!this.oneAtATime) return this.dataSource.transaction(work);
    const result = this.last.then(() => this.dataSource.transaction(work));
    this.last = result.catch(() => undefined);
    return result;
  }
}
