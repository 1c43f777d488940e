import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { migrate } from './migrate.js';
import { Transactions } from './transactions.js';
import { dataSourceOptions } from '../../ormconfig.js';

/** The one data source of the process: connected and migrated before anything that needs it is built. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [CONFIG],
      // A start that fails says so at once; restarting is the supervisor's business
      useFactory: ({ database }: Config) => ({ ...dataSourceOptions(database), retryAttempts: 1 }),
      dataSourceFactory: async (options) => {
        const dataSource = await new DataSource(options as DataSourceOptions).initialize();
        await migrate(dataSource);
        return dataSource;
      },
    }),
  ],
  providers: [Transactions],
  exports: [Transactions],
})
export class DatabaseModule {}
