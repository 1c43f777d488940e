import type { SelectQueryBuilder } from 'typeorm';
import { readFittingOfEach } from './page-bytes.js';
import type { RunSql } from './run-sql.js';
import type { Table } from './table.js';

/** Rows that a read passes over or counts at most outside of the {@link ScanQueue}, beside those that it returns. */
export const MAX_PASSED_ROWS = 5_000;

/** A page of rows, and whether there are more on either side of it. */
export interface Page<T> {
  rows: T[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** A page of a list in which rows have places. */
export interface PageRequest<Place> {
  size: number;
  /** The row after which the page begins or, backward, before which it ends; null: the page begins or ends with the list. */
  after: Place | null;
  isBackward?: boolean;
}

/** A page by the id of the row next to it. */
export type IdPageRequest = PageRequest<string>;

/** How a list in an order is read for a page of it: backward, the other way round, which the same index can. */
export const readingOrder = (
  order: 'ASC' | 'DESC',
  { isBackward = false }: Pick<PageRequest<unknown>, 'isBackward'>,
): { order: 'ASC' | 'DESC'; beyond: '>' | '<' } =>
  (order === 'ASC') === isBackward ? { order: 'DESC', beyond: '<' } : { order: 'ASC', beyond: '>' };

/**
 * The page of rows, in the order in which they were read, of which one more was requested than it has: that shows whether there are more.
 * @param found how many there were, where not all of them fitted
 */
export function pageOf<T>(
  read: readonly T[],
  { size, after, isBackward }: PageRequest<unknown>,
  found: number = read.length,
): Page<T> {
  const rows = read.slice(0, size);
  const hasMore = found > rows.length;
  const isInside = after !== null;
  return isBackward
    ? { rows: rows.reverse(), hasNextPage: isInside, hasPreviousPage: hasMore }
    : { rows, hasNextPage: hasMore, hasPreviousPage: isInside };
}

/** One page, the newest rows first: ids sort by time. */
export async function pageById<T extends { id: string }>(
  query: SelectQueryBuilder<T>,
  request: IdPageRequest,
): Promise<Page<T>> {
  const { alias } = query;
  const { size, after } = request;
  const { order, beyond } = readingOrder('DESC', request);
  if (after !== null) query.andWhere(`${alias}.id ${beyond} :after`, { after });
  const rows = await query
    .orderBy(`${alias}.id`, order)
    .limit(size + 1)
    .getMany();
  return pageOf(rows, request);
}

/** Which rows have pages for each of several owners. */
interface RowsOfOwners<T> {
  /** A condition in SQL, without parameters. */
  where: string;
  ownerColumn: string;
  ownerOf: (row: T) => string;
}

/** Such a page for each of several owners, in one statement. Together they have {@link MAX_PAGE_BYTES}, of which each has its share. */
export async function pagesOfEach<T extends { id: string }>(
  run: RunSql,
  table: Table<T>,
  { where, ownerColumn, ownerOf }: RowsOfOwners<T>,
  owners: readonly string[],
  request: IdPageRequest,
): Promise<Map<string, Page<T>>> {
  const { size, after } = request;
  const { order, beyond } = readingOrder('DESC', request);
  const keys = [...new Set(owners)];
  const start = after === null ? '' : ` AND id ${beyond} :after`;
  // A limit for each owner: a million rows of one owner cost as little as ten
  const ids = keys.map(
    (_, i) =>
      `SELECT id FROM (SELECT id FROM ${table.name} WHERE ${where} AND ${ownerColumn} = :owner${i}${start} ORDER BY id ${order} LIMIT :limit) own${i}`,
  );
  const selection = {
    alias: 'own',
    where: `WHERE own.id IN (${ids.join(' UNION ALL ')})`,
    order: `own.id ${order}`,
    limit: '',
  };
  const parameters = {
    after,
    limit: size + 1,
    ...Object.fromEntries(keys.map((key, i) => [`owner${i}`, key])),
  };
  const pages = await readFittingOfEach(run, table, selection, parameters, ownerOf, {
    column: ownerColumn,
    pages: keys.length,
  });
  return new Map([...pages].map(([key, { rows, found }]) => [key, pageOf(rows, request, found)]));
}
