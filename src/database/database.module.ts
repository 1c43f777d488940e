import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { ScanQueue } from './sql/scan-queue.js';
import { PurgeClock } from './clock/purge-clock.js';
import { DatabaseUse } from './database-use.js';
import { PlannerStatistics } from './planner-statistics.js';
import { Readiness } from './readiness.js';
import { WriteQueue } from './writes/write-queue.js';

const PROVIDERS = [WriteQueue, ScanQueue, PurgeClock, PlannerStatistics, Readiness, DatabaseUse];

/** Gives every module the one data source of the process, and closes it when the application closes. */
@Module({})
export class DatabaseModule {
  static of(dataSource: DataSource): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
      ],
      providers: PROVIDERS,
      exports: PROVIDERS,
    };
  }
}
