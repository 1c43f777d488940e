import type { ClientOrder, Position } from '../../../clients/client/client-query.js';
import { RegistryError } from '../../../errors/registry-error.js';

/** An opaque cursor. It contains the order, so that a cursor of another order is rejected. */
export const encodeCursor = ({ field, direction }: ClientOrder, { value, id }: Position) =>
  encode(field, direction, value, id);

/** @throws RegistryError `validation_error` for a malformed cursor, or a cursor of another order */
export function decodeCursor(
  { field, direction }: ClientOrder,
  cursor: string,
  argument = 'after',
): Position {
  const [cursorField, cursorDirection, value, id] = parse(cursor);
  const isValue = field === 'name' ? isText(value) : Number.isSafeInteger(value);
  if (cursorField !== field || cursorDirection !== direction || !isValue || !isText(id))
    throw foreignCursor(argument);
  return { value: value as Position['value'], id };
}

/** The same for a list ordered by id. */
export const encodeIdCursor = (id: string) => encode(id);

/** @throws RegistryError `validation_error` for a malformed cursor */
export function decodeIdCursor(cursor: string, argument = 'after'): string {
  const [id] = parse(cursor);
  if (!isText(id)) throw foreignCursor(argument);
  return id;
}

/** The same for a list ordered by expiry. */
export const encodeExpiryCursor = ({ expiresAt, id }: { expiresAt: Date; id: string }) =>
  encode(expiresAt.getTime(), id);

/** @throws RegistryError `validation_error` for a malformed cursor */
export function decodeExpiryCursor(cursor: string, argument = 'after'): { expiresAt: Date; id: string } {
  const [ms, id] = parse(cursor);
  const expiresAt = new Date(Number.isInteger(ms) ? (ms as number) : NaN);
  if (Number.isNaN(expiresAt.getTime()) || !isText(id)) throw foreignCursor(argument);
  return { expiresAt, id };
}

const foreignCursor = (argument: string) =>
  new RegistryError('validation_error', `The cursor "${argument}" does not belong to this list.`, {
    invalidFields: { [argument]: ['must be a cursor from a page of the same list in the same order'] },
  });

/** PostgreSQL rejects NUL in text. */
const isText = (value: unknown): value is string => typeof value === 'string' && !value.includes('\0');

const encode = (...place: unknown[]) => Buffer.from(JSON.stringify(place)).toString('base64url');

function parse(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
