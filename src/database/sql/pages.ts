import type { SelectQueryBuilder } from 'typeorm';

/** A page of rows, and whether there are more on either side of it. */
export interface Page<T> {
  rows: T[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** A page of a list in which rows have places. */
export interface PageRequest<Place> {
  size: number;
  /** Of the row that the page begins behind or, backward, ends in front of; null: the page begins or ends with the list. */
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
 * The page of rows, in the order in which they were read, of which one more was asked for than it has: that tells whether there are more.
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
  return pageOf(await limitTo(query, request).getMany(), request);
}

/** One row more than the page has tells whether there are more. */
function limitTo<T extends { id: string }>(
  query: SelectQueryBuilder<T>,
  request: IdPageRequest,
): SelectQueryBuilder<T> {
  const { size, after } = request;
  const { order, beyond } = readingOrder('DESC', request);
  if (after !== null) query.andWhere(`${query.alias}.id ${beyond} :after`, { after });
  return query.orderBy(`${query.alias}.id`, order).limit(size + 1);
}

/** Such a page for each of several owners, in one statement. `query` says which rows come into question. */
export async function pagesOfEach<T extends { id: string }, K extends keyof T & string>(
  query: SelectQueryBuilder<T>,
  owner: K,
  owners: readonly string[],
  request: IdPageRequest,
): Promise<Map<string, Page<T>>> {
  const { alias } = query;
  // Each with a limit of its own: whoever has a million rows is read as little of as whoever has ten
  const ofEach = [...new Set(owners)].map((key, i) => {
    const own = query.clone().select(`${alias}.id`, 'id');
    return limitTo(own.andWhere(`${alias}.${owner} = :owner${i}`, { [`owner${i}`]: key }), request);
  });
  const ids = ofEach.map((own, i) => `SELECT id FROM (${own.getQuery()}) own${i}`);
  const rows = await query
    .where(`${alias}.id IN (${ids.join(' UNION ALL ')})`)
    .setParameters(Object.assign({}, ...ofEach.map((own) => own.getParameters())) as Record<string, unknown>)
    .orderBy(`${alias}.id`, readingOrder('DESC', request).order)
    .getMany();
  const rowsOf = new Map(owners.map((key): [string, T[]] => [key, []]));
  for (const row of rows) rowsOf.get(row[owner] as string)?.push(row);
  return new Map([...rowsOf].map(([key, own]) => [key, pageOf(own, request)]));
}
