/** Whether an error of the driver says that a row would repeat what is unique in a column of the table, by an index named after both. */
export function isDuplicate(error: unknown, table: string, column: string): boolean {
  if (!(error instanceof Error)) return false;
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return (
    (code === 'SQLITE_CONSTRAINT_UNIQUE' && error.message.endsWith(`${table}.${column}`)) ||
    (code === '23505' && constraint === `${table}_${column}`)
  );
}
