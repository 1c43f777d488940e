import type { DataSource } from 'typeorm';
import { statementsOf } from './statements.js';

/** How the database goes about the statements of some work that read a table, each in JSON. */
export async function plansOf(
  dataSource: DataSource,
  table: string,
  work: () => Promise<unknown>,
  isWanted: (sql: string) => boolean = () => true,
): Promise<string[]> {
  const { type } = dataSource.options;
  const statements = await statementsOf(dataSource, work);
  const reads = statements.filter((sql) => new RegExp(`^SELECT[^]* FROM "?${table}\\b`).test(sql));
  return dataSource.transaction(async (manager) => {
    // Tables of few rows would be read as a whole
    if (type === 'postgres') await manager.query('SET LOCAL enable_seqscan = off');
    const plans: string[] = [];
    for (const sql of reads.filter(isWanted)) {
      const plan = await manager.query<object[]>(
        type === 'postgres'
          ? `EXPLAIN (GENERIC_PLAN) ${sql}`
          : // No literals: SQLite plans for their values
            `EXPLAIN QUERY PLAN ${sql.replace(/:\w+|\?/g, 'abs(1)')}`,
      );
      plans.push(JSON.stringify(plan));
    }
    return plans;
  });
}
