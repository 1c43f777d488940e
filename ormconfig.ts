import { DataSource } from 'typeorm';
import { readConfig } from './src/config/variables.js';
import { dataSourceOptions } from './src/database/connection/data-source-options.js';
import { PERSISTENCE } from './src/persistence.js';

/** For the TypeORM CLI alone: `npx typeorm -d dist/ormconfig.js migration:show`. */
const { database } = readConfig({ DATABASE_URL: process.env.DATABASE_URL });
export default new DataSource(dataSourceOptions(database, PERSISTENCE));
