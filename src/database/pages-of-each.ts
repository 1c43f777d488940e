import type { SelectQueryBuilder } from 'typeorm';

/** A page of rows, and whether there are more behind it. */
export interface Page<T> {
  rows: T[];
  hasNextPage: boolean;
}

/** A page by the id of the row in front of it; null: from the start. */
export interface IdPageRequest {
  size: number;
  after: string | null;
}

/** The page of rows of which one more was asked for than it has: that tells whether there is a next one. */
export const pageOf = <T>(rows: readonly T[], size: number): Page<T> => ({
  rows: rows.slice(0, size),
  hasNextPage: rows.length > size,
});

/** One page, the newest rows first: ids sort by time. */
export async function pageById<T extends { id: string }>(
  query: SelectQueryBuilder<T>,
  { size, after }: IdPageRequest,
): Promise<Page<T>> {
  const { alias } = query;
  if (after !== null) query.andWhere(`${alias}.id < :after`, { after });
  const rows = await query
    .orderBy(`${alias}.id`, 'DESC')
    .limit(size + 1)
    .getMany();
  return pageOf(rows, size);
}

/** Such a page for each of several owners, in one statement. `query` says which rows come into question. */
export async function pagesOfEach<T extends { id: string }, K extends keyof T & string>(
  query: SelectQueryBuilder<T>,
  owner: K,
  owners: readonly string[],
  { size, after }: IdPageRequest,
): Promise<Map<string, Page<T>>> {
  const { alias } = query;
  // Each with a limit of its own: whoever has a million rows is read as little of as whoever has ten
  const ofEach = [...new Set(owners)].map((key, i) => {
    const own = query
      .clone()
      .select(`${alias}.id`, 'id')
      .andWhere(`${alias}.${owner} = :owner${i}`, { [`owner${i}`]: key })
      .orderBy(`${alias}.id`, 'DESC')
      .limit(size + 1);
    return after === null ? own : own.andWhere(`${alias}.id < :after`, { after });
  });
  const ids = ofEach.map((own, i) => `SELECT id FROM (${own.getQuery()}) own${i}`);
  const rows = await query
    .where(`${alias}.id IN (${ids.join(' UNION ALL ')})`)
    .setParameters(Object.assign({}, ...ofEach.map((own) => own.getParameters())) as Record<string, unknown>)
    .orderBy(`${alias}.id`, 'DESC')
    .getMany();
  const rowsOf = new Map(owners.map((key): [string, T[]] => [key, []]));
  for (const row of rows) rowsOf.get(row[owner] as string)?.push(row);
  return new Map([...rowsOf].map(([key, own]) => [key, pageOf(own, size)]));
}
