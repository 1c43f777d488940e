import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { ClientFilter, NumberedPageRequest } from '../../../clients/client/client-query.js';
import { CLIENT_TYPES } from '../../../policy/client.js';
import { GRANT_TYPES } from '../../../policy/grants/grant-types.js';
import { ChecksQueryParameters } from '../../../http/requests/query-parameters.js';
import { type FieldFaults, RegistryError } from '../../../errors/registry-error.js';

const DEFAULT_PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 100;
/** The database scans all earlier rows. */
const MAX_PAGE_NUMBER = 1_000_000;

/** A query parameter: the accepted values, and their parser, which returns undefined for an invalid text. */
interface Parameter<T> {
  takes: string;
  read: (text: string) => T | undefined;
}

const integer = (max: number): Parameter<number> => ({
  takes: `an integer from 1 to ${max}`,
  read: (text) => (/^[1-9]\d{0,8}$/.test(text) && Number(text) <= max ? Number(text) : undefined),
});
const oneOf = <T extends string>(values: readonly T[]): Parameter<T> => ({
  takes: values.join(' or '),
  read: (text) => values.find((value) => value === text),
});
const searchText: Parameter<string> = {
  takes: '1 to 255 characters without NUL',
  read: (text) => (/^[^\0]{1,255}$/su.test(text) ? text : undefined),
};
const flag: Parameter<boolean> = {
  takes: 'true or false',
  read: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

const PAGE = {
  number: ['page[number]', integer(MAX_PAGE_NUMBER)],
  size: ['page[size]', integer(MAX_PAGE_SIZE)],
} as const;

const FILTER = {
  id: ['filter[client_id]', searchText],
  name: ['filter[name]', searchText],
  nameContains: ['filter[name][contains]', searchText],
  clientType: ['filter[client_type]', oneOf(CLIENT_TYPES)],
  grantType: ['filter[allowed_grant_types][contains]', oneOf(GRANT_TYPES)],
  verified: ['filter[verified]', flag],
} as const satisfies Partial<Record<keyof ClientFilter, readonly [string, Parameter<unknown>]>>;

type Parameters = Partial<Record<keyof ClientFilter, readonly [string, Parameter<unknown>]>>;

/** Documents the parameters of a list with these filters, whose names {@link readListQuery} checks. */
const documented = (filters: Parameters) =>
  applyDecorators(
    ChecksQueryParameters(),
    ...[...Object.values(PAGE), ...Object.values(filters)].map(([name, { takes }]) =>
      ApiQuery({ name, required: false, type: String, description: `Must be ${takes}` }),
    ),
  );
export const ApiListParameters = () => documented(FILTER);
export const ApiPageParameters = () => documented({});

/**
 * Parses the query string of a list.
 * @param filters default: those of clients
 * @throws RegistryError `invalid_request` with every unknown or invalid parameter
 */
export function readListQuery(
  query: Record<string, unknown>,
  filters: Parameters = FILTER,
): {
  filter: ClientFilter;
  page: NumberedPageRequest;
} {
  // No prototype: a parameter "__proto__" would replace it
  const faults = Object.create(null) as FieldFaults;
  const known = new Set([...Object.values(PAGE), ...Object.values(filters)].map(([name]): string => name));
  for (const name of Object.keys(query)) {
    if (!known.has(name)) faults[name] = ['is not supported; omit it'];
  }
  const read = <T>([name, { takes, read: readText }]: readonly [string, Parameter<T>]): T | undefined => {
    const text = query[name];
    if (text === undefined) return undefined;
    // A repeated parameter is an array
    const value = typeof text === 'string' ? readText(text) : undefined;
    if (value === undefined) faults[name] = [`must be ${takes}`];
    return value;
  };
  const filter = Object.fromEntries(
    Object.entries(filters).map(([field, parameter]) => [field, read<unknown>(parameter)]),
  ) as ClientFilter;
  const page = { number: read(PAGE.number) ?? 1, size: read(PAGE.size) ?? DEFAULT_PAGE_SIZE };
  if (Object.keys(faults).length === 0) return { filter, page };
  throw new RegistryError('invalid_request', 'Query parameters are invalid; see invalid_fields.', {
    invalidFields: faults,
  });
}

/** Parses the query string of a list without filters. */
export const readPageQuery = (query: Record<string, unknown>): NumberedPageRequest =>
  readListQuery(query, {}).page;
