import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** What one member of a filter asks for: SQL with what was given as `:value`, and how that is written. */
interface Condition {
  sql: string;
  value?: (given: never) => unknown;
}

/** A condition for each member that a filter can have. */
export type Conditions<F> = Record<keyof F & string, Condition>;

/** Asks for everything that a filter says; what is undefined is not said. */
export function applyFilter<T extends ObjectLiteral, F extends object>(
  query: SelectQueryBuilder<T>,
  conditions: Conditions<F>,
  filter: F,
): SelectQueryBuilder<T> {
  for (const [name, given] of Object.entries(filter) as [keyof F & string, unknown][]) {
    if (given === undefined) continue;
    const { sql, value } = conditions[name];
    query.andWhere(sql.replace(':value', `:${name}`), { [name]: value ? value(given as never) : given });
  }
  return query;
}
