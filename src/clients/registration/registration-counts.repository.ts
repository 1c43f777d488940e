import { Injectable } from '@nestjs/common';
import { DataSource, LessThan, MoreThanOrEqual } from 'typeorm';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { RegistrationCountEntity } from './registration-count.entity.js';

/** Counts of attempts to register in the database, of all instances together. */
@Injectable()
export class RegistrationCountsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {}

  add(counts: readonly RegistrationCountEntity[]): Promise<void> {
    // In one order, so that two instances do not wait for each other
    const rows = counts.toSorted((a, b) => (a.day + a.result < b.day + b.result ? -1 : 1));
    return this.writeQueue.run(async (manager) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(RegistrationCountEntity)
        .values(rows.map((row) => ({ ...row, count: 0 })))
        .orIgnore()
        .execute();
      for (const { day, result, count } of rows) {
        await manager.increment(RegistrationCountEntity, { day, result }, 'count', count);
      }
    });
  }

  /** Counts of this day and those after it, the oldest first. */
  since(day: string): Promise<RegistrationCountEntity[]> {
    return this.dataSource.manager.find(RegistrationCountEntity, {
      where: { day: MoreThanOrEqual(day) },
      order: { day: 'ASC', result: 'ASC' },
    });
  }

  /** Removes counts of days before this one, a handful for each; says how many they were. */
  purge(day: string): Promise<number> {
    return this.writeQueue.run(async (manager) => {
      const { affected } = await manager.delete(RegistrationCountEntity, { day: LessThan(day) });
      return affected ?? 0;
    });
  }
}
