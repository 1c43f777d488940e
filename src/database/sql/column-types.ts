import type { ColumnOptions, ValueTransformer } from 'typeorm';

/**
 * Columns that mean the same on SQLite and on PostgreSQL, so that one set of entities and migrations serves both.
 * The engines' own types for times, lists and documents differ in storage, in precision and in what the driver returns.
 */

const epochMilliseconds: ValueTransformer = {
  to: (date: Date | null | undefined) => date?.getTime() ?? date,
  // PostgreSQL's driver returns 64-bit integers as strings
  from: (value: string | number | null) => (value === null ? null : new Date(Number(value))),
};

const spaceDelimited: ValueTransformer = {
  to: (values: readonly string[] | null | undefined) => values && ` ${values.join(' ')} `,
  from: (value: string | null) => value?.split(' ').filter((part) => part !== '') ?? null,
};

const json: ValueTransformer = {
  to: (value: unknown) => (value === undefined ? undefined : JSON.stringify(value)),
  from: (value: string): unknown => JSON.parse(value),
};

/** A point in time, as whole milliseconds since 1970 in UTC. */
export const timestamp: ColumnOptions = { type: 'bigint', transformer: epochMilliseconds };

/** A list of tokens without spaces, a space around each, so that one token can be searched for by substring. */
export const tokenList: ColumnOptions = { type: 'text', transformer: spaceDelimited };

/** A JSON document that is stored and read as a whole. */
export const document: ColumnOptions = { type: 'text', transformer: json };
