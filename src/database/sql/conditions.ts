/** What one member of a filter asks for: SQL, which what was given may decide on, with that as `:value`, and how it is written. */
interface Condition {
  sql: string | ((given: never) => string);
  value?: (given: never) => unknown;
}

/** A condition for each member that a filter can have. */
export type Conditions<F> = Record<keyof F & string, Condition>;

/** A condition in SQL, with its parameters by name. */
export interface Where {
  sql: string;
  parameters: Record<string, unknown>;
}

/** Everything that a filter says; what is undefined is not said. */
export function whereOf<F extends object>(conditions: Conditions<F>, filter: F): Where {
  const said = (Object.entries(filter) as [keyof F & string, unknown][]).filter(
    ([, given]) => given !== undefined,
  );
  return {
    sql:
      said
        .map(([name, given]) => {
          const { sql } = conditions[name];
          return (typeof sql === 'string' ? sql : sql(given as never)).replace(':value', `:${name}`);
        })
        .join(' AND ') || 'TRUE',
    parameters: Object.fromEntries(
      said.map(([name, given]) => {
        const { value } = conditions[name];
        return [name, value ? value(given as never) : given];
      }),
    ),
  };
}
