import type { DataSource, Logger } from 'typeorm';

/**
 * The SQL statements that `work` makes the database run, in order, without their parameters.
 * @param work gets those so far
 */
export async function statementsOf(
  dataSource: DataSource,
  work: (statements: readonly string[]) => Promise<unknown>,
): Promise<string[]> {
  const statements: string[] = [];
  const ordinary = dataSource.logger;
  const nothing = () => undefined;
  dataSource.logger = {
    logQuery: (statement) => void statements.push(statement),
    logQueryError: nothing,
    logQuerySlow: nothing,
    logSchemaBuild: nothing,
    logMigration: nothing,
    log: nothing,
  } satisfies Logger;
  try {
    await work(statements);
  } finally {
    dataSource.logger = ordinary;
  }
  return statements;
}
