import { Injectable } from '@nestjs/common';
import { DataSource, type EntityTarget, LessThan, MoreThanOrEqual } from 'typeorm';
import { WriteQueue } from '../../database/writes/write-queue.js';
import {
  ClientAuthenticationCountEntity,
  type DailyCount,
  RegistrationCountEntity,
  TokenCountEntity,
} from './daily-count.entity.js';

/** Counts of one thing in the database, of all instances together. */
export abstract class DailyCountsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
    private readonly entity: EntityTarget<DailyCount>,
  ) {}

  add(counts: readonly DailyCount[]): Promise<void> {
    // In one order, so that two instances do not wait for each other
    const rows = counts.toSorted((a, b) => (a.day + a.result < b.day + b.result ? -1 : 1));
    return this.writeQueue.run(async (manager) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(this.entity)
        .values(rows.map((row) => ({ ...row, count: 0 })))
        .orIgnore()
        .execute();
      for (const { day, result, count } of rows) {
        await manager.increment(this.entity, { day, result }, 'count', count);
      }
    });
  }

  /** Counts of this day and those after it, the oldest first. */
  since(day: string): Promise<DailyCount[]> {
    return this.dataSource.manager.find(this.entity, {
      where: { day: MoreThanOrEqual(day) },
      order: { day: 'ASC', result: 'ASC' },
    });
  }

  /** Removes counts of days before this one, a handful for each; says how many they were. */
  purge(day: string): Promise<number> {
    return this.writeQueue.run(async (manager) => {
      const { affected } = await manager.delete(this.entity, { day: LessThan(day) });
      return affected ?? 0;
    });
  }
}

@Injectable()
export class RegistrationCountsRepository extends DailyCountsRepository {
  constructor(dataSource: DataSource, writeQueue: WriteQueue) {
    super(dataSource, writeQueue, RegistrationCountEntity);
  }
}

@Injectable()
export class ClientAuthenticationCountsRepository extends DailyCountsRepository {
  constructor(dataSource: DataSource, writeQueue: WriteQueue) {
    super(dataSource, writeQueue, ClientAuthenticationCountEntity);
  }
}

@Injectable()
export class TokenCountsRepository extends DailyCountsRepository {
  constructor(dataSource: DataSource, writeQueue: WriteQueue) {
    super(dataSource, writeQueue, TokenCountEntity);
  }
}
