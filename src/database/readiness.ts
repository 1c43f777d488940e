import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { driverOf } from './connection/driver.js';
import { isMigrated } from './connection/migrate.js';
import { WriteQueue } from './writes/write-queue.js';

/** In base64 more than a page of either database holds, so that it needs room on the disk as clients do. */
const PROBE_BYTES = 12_288;

/** Whether requests can be served from the database. */
@Injectable()
export class Readiness {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {}

  /**
   * Whether the database answers, is migrated, and can be written to, which is tried only where what callers write fails or is slow.
   * @throws Error if the database does not answer, or cannot be written to
   */
  async isReady(): Promise<boolean> {
    const { writability } = this.writeQueue;
    this.writeQueue.checkFile();
    if (!(await isMigrated(this.dataSource)) || (await this.isStandby())) return false;
    if (writability.isFailing) return false;
    if (writability.isDoubtful) await this.tryToWrite();
    return true;
  }

  /**
   * As a replica of PostgreSQL is, until it takes over.
   * @throws Error if another transaction keeps a table locked, so that requests cannot read it
   */
  private async isStandby(): Promise<boolean> {
    if (driverOf(this.dataSource).engine === 'sqlite') return false;
    // Takes the locks of a search, and reads nothing
    const tables = [...this.writeQueue.writability.tables.keys()];
    const reads = tables.map((table) => `, EXISTS (SELECT FROM ${table} WHERE false)`);
    const [row] = await this.dataSource.query<{ isReadOnly: boolean }[]>(
      `SELECT current_setting('transaction_read_only')::boolean AS "isReadOnly"${reads.join('')}`,
    );
    return row!.isReadOnly;
  }

  /** Writes and removes a row of the migrations table, with a random name that the database cannot compress. */
  private async tryToWrite(): Promise<void> {
    const { writeQueue } = this;
    const name = `probe ${randomBytes(PROBE_BYTES).toString('base64')}`;
    const statements = [
      `INSERT INTO migrations (timestamp, name) VALUES (0, '${name}')`,
      `DELETE FROM migrations WHERE name = '${name}'`,
    ];
    if (driverOf(this.dataSource).engine === 'sqlite') {
      return writeQueue.runStatements(statements.map((sql) => ({ sql, rows: [[]] })));
    }
    // The lock that an insert takes: a session that has locked the table blocks it
    const written = [...writeQueue.writability.tables].filter(([, use]) => use === 'write');
    const tables = ['migrations', ...written.map(([table]) => table)];
    const lock = `LOCK TABLE ${tables.join(', ')} IN ROW EXCLUSIVE MODE`;
    await writeQueue.check(async (manager) => {
      for (const sql of [lock, ...statements]) await manager.query(sql);
    });
  }
}
