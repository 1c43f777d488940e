import type { ClientMetadata } from './client.js';
import { FIELD_ROWS, type FieldRow } from './fields.js';

const fieldsOf = ({ metadata, ...columns }: ClientMetadata): Partial<Record<string, unknown>> => ({
  ...columns,
  ...metadata,
});

const VERIFIED_FIELDS: readonly (readonly [string, Pick<FieldRow, 'isRestriction'>])[] = [
  ...FIELD_ROWS,
  ['translations', {}],
];

/**
 * Whether a verified client stays verified after a change by its owner: only if every change restricts the client. The administrator has
 * reviewed all other fields.
 */
export function staysVerified(before: ClientMetadata, after: ClientMetadata): boolean {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return VERIFIED_FIELDS.every(
    ([field, { isRestriction }]) =>
      JSON.stringify(old[field]) === JSON.stringify(now[field]) ||
      isRestriction?.(old[field] as never, now[field] as never),
  );
}
