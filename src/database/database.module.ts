import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { ScanQueue } from './sql/scan-queue.js';
import { PurgeClock } from './clock/purge-clock.js';
import { Transactions } from './writes/transactions.js';

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
      providers: [Transactions, ScanQueue, PurgeClock],
      exports: [Transactions, ScanQueue, PurgeClock],
    };
  }
}
