import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ObjectLiteral } from 'typeorm';
import type { RunSql } from './run-sql.js';
import type { Table } from './table.js';

/**
 * Bytes of the rows of a page: of 20 clients, however large each is. A page has as many rows as fit, and one at least; the last may exceed
 * it. What is more neither gets into memory nor into a reply.
 */
export const MAX_PAGE_BYTES = 2 * 1024 * 1024;

/** How long pages are read in one turn of the event loop, in milliseconds: SQLite reads at once, and many may be asked for together. */
const TURN_MS = 10;
let turnSinceMs: number | null = null;

/** Waits for another turn of the event loop where pages have been read for long in this one. */
async function takeTurn(): Promise<void> {
  for (;;) {
    const now = performance.now();
    if (turnSinceMs === null) {
      turnSinceMs = now;
      setImmediate(() => (turnSinceMs = null));
    }
    if (now - turnSinceMs < TURN_MS) return;
    await nextTurn();
  }
}

/** Which rows of which table, and in which order. `alias` is what the conditions call the table. */
export interface Selection {
  alias: string;
  /** From WHERE on, without an order: `LIMIT` comes behind it. */
  where: string;
  order: string;
  limit: string;
}

/** Rows that fit into a page, and how many were found. */
export interface Fitting<E> {
  rows: E[];
  found: number;
}

/** Reads as many rows of a selection as fit into {@link MAX_PAGE_BYTES}. The database adds up their bytes: others do not leave it. */
export async function readFitting<E extends ObjectLiteral>(
  run: RunSql,
  table: Table<E>,
  { alias, where, order, limit }: Selection,
  parameters: Record<string, unknown>,
): Promise<Fitting<E>> {
  await takeTurn();
  const columns = table.readColumns.join(', ');
  const bytesBefore = `SUM(${table.readBytes}) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;
  const rows = await run(
    `SELECT ${columns}, rows_found FROM (
      SELECT ${columns}, COUNT(*) OVER () AS rows_found, COALESCE(${bytesBefore}, 0) AS bytes_before
      FROM (SELECT ${columns} FROM ${table.name} ${alias} ${where} ORDER BY ${order} ${limit}) ${alias}
    ) ${alias} WHERE bytes_before < :maxPageBytes ORDER BY ${order}`,
    { ...parameters, maxPageBytes: MAX_PAGE_BYTES },
  );
  return {
    rows: rows.map((row) => table.toEntity(row)),
    found: Number(rows[0]?.[table.readColumns.length] ?? 0),
  };
}
