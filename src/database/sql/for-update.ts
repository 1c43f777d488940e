import type { EntityManager, SelectQueryBuilder } from 'typeorm';

/** For a search that keeps others from changing what it finds before the transaction ends. */
export function rowLock({ dataSource }: Pick<EntityManager, 'dataSource'>) {
  // SQLite has one writer at a time, and knows no lock of a row
  return dataSource.options.type === 'postgres' ? { mode: 'pessimistic_write' as const } : undefined;
}

/**
 * The same for a query.
 * @param onLocked skips rows that another transaction has locked, instead of waiting for them
 */
export function lockRows<T extends object>(
  query: SelectQueryBuilder<T>,
  onLocked?: 'skip_locked',
): SelectQueryBuilder<T> {
  const lock = rowLock(query.dataSource.manager);
  if (!lock) return query;
  const locked = query.setLock(lock.mode);
  return onLocked ? locked.setOnLocked(onLocked) : locked;
}
