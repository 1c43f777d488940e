import type { ObjectLiteral } from 'typeorm';
import { RegistryError } from '../../errors/registry-error.js';
import { continueInTurn, organizationCaller, takeTurn } from '../../event-loop/turns.js';
import { FairSlots } from '../../queues/fair-slots.js';
import type { RunSql } from './run-sql.js';
import type { RunLongSql } from './scan-queue.js';
import type { Table } from './table.js';

/**
 * Bytes of the rows of a page: of 20 clients, however large each is. A page has as many rows as fit, and one at least; the last may exceed
 * it. What is more neither gets into memory nor into a reply.
 */
export const MAX_PAGE_BYTES = 1.5 * 1024 * 1024;

/** Pages that are read, or wait for a turn to be replied with, at a time. */
const MAX_IN_FLIGHT = 4;

/**
 * Runs statements that read pages: each in a turn of the event loop, and few at a time, so that few pages are in memory. Organizations take
 * turns.
 */
export function pageRunner(run: RunSql): RunLongSql {
  const slots = new FairSlots(MAX_IN_FLIGHT);
  return (sql, parameters, { orgId = '', ...cancellation } = {}) =>
    slots.run(orgId, cancellation, async () => {
      await takeTurn(organizationCaller(orgId));
      const rows = await run(sql, parameters);
      // To make and send the reply takes as long
      await continueInTurn(organizationCaller(orgId));
      return rows;
    });
}

/** Which rows of which table, and in which order. `alias` is what the conditions call the table. */
export interface Selection {
  alias: string;
  /** From WHERE on, without an order: `LIMIT` is appended. */
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
  selection: Selection,
  parameters: Record<string, unknown>,
): Promise<Fitting<E>> {
  const pages = await readFittingOfEach(run, table, selection, parameters, () => '', { pages: 1 });
  return pages.get('') ?? { rows: [], found: 0 };
}

/**
 * The same for several pages, which fit together.
 * @param keyOf to which page a row belongs
 * @param pages how many they are, and the column that distinguishes them; undefined if there is one
 */
export async function readFittingOfEach<E extends ObjectLiteral>(
  run: RunSql,
  table: Table<E>,
  { alias, where, order, limit }: Selection,
  parameters: Record<string, unknown>,
  keyOf: (row: E) => string,
  { column, pages }: { column?: string; pages: number },
): Promise<Map<string, Fitting<E>>> {
  const columns = table.readColumns.join(', ');
  const ofPage = column === undefined ? '' : `PARTITION BY ${column}`;
  const bytesBefore = `SUM(${table.readBytes}) OVER (${ofPage} ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;
  const rows = await run(
    `SELECT ${columns}, rows_found FROM (
      SELECT ${columns}, COUNT(*) OVER (${ofPage}) AS rows_found, COALESCE(${bytesBefore}, 0) AS bytes_before
      FROM (SELECT ${columns} FROM ${table.name} ${alias} ${where} ORDER BY ${order} ${limit}) ${alias}
    ) ${alias} WHERE bytes_before < :maxPageBytes ORDER BY ${order}`,
    { ...parameters, maxPageBytes: Math.floor(MAX_PAGE_BYTES / pages) },
  );
  const fitting = new Map<string, Fitting<E>>();
  for (const row of rows) {
    const entity = table.toEntity(row);
    const key = keyOf(entity);
    const page = fitting.get(key);
    if (page) page.rows.push(entity);
    else fitting.set(key, { rows: [entity], found: Number(row[table.readColumns.length]) });
  }
  return fitting;
}

/**
 * The rows of a numbered page, which has no other way to hold less than it was asked for, and to lose nothing.
 * @throws RegistryError `invalid_request` if they are larger than {@link MAX_PAGE_BYTES}; it says how many fit
 */
export async function readWhole<E extends ObjectLiteral>(
  ...reading: Parameters<typeof readFitting<E>>
): Promise<E[]> {
  const { rows, found } = await readFitting<E>(...reading);
  if (rows.length === found) return rows;
  const fault = `must be at most ${rows.length} for this page, which is limited to ${MAX_PAGE_BYTES / 2 ** 20} MiB`;
  throw new RegistryError('invalid_request', 'The page is too large. Request a smaller page.', {
    invalidFields: { 'page[size]': [fault] },
  });
}
