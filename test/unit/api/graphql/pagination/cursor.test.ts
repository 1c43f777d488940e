import { decodeCursor, encodeCursor } from '../../../../../src/api/graphql/pagination/cursor.js';
import { type ClientOrder, NEVER, type Position } from '../../../../../src/clients/client/client-query.js';
import { RegistryError } from '../../../../../src/errors/registry-error.js';

const ID = '019aa5f0-3c5e-7e1c-9c62-4f0d2b7b9a10';
const NEWEST: ClientOrder = { field: 'createdAt', direction: 'DESC' };
const BY_NAME: ClientOrder = { field: 'name', direction: 'ASC' };

it.each<[string, ClientOrder, Position]>([
  ['the newest first', NEWEST, { value: 1795276800000, id: ID }],
  ['the oldest first', { field: 'createdAt', direction: 'ASC' }, { value: 0, id: ID }],
  ['by change', { field: 'updatedAt', direction: 'ASC' }, { value: 1795276800001, id: ID }],
  ['by last use, never', { field: 'lastUsedAt', direction: 'DESC' }, { value: NEVER, id: ID }],
  ['by name', BY_NAME, { value: 'My app', id: ID }],
  ['by name, from the end', { field: 'name', direction: 'DESC' }, { value: '名前 "😀" \\', id: ID }],
  ['by the longest name', BY_NAME, { value: '😀'.repeat(255), id: ID }],
])('A cursor leads back to its place: %s', (_, order, position) => {
  const cursor = encodeCursor(order, position);
  expect(cursor).toMatch(/^[\w-]{1,4096}$/);
  expect(decodeCursor(order, cursor)).toEqual(position);
});

const forged = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

it.each<[string, ClientOrder, string]>([
  ['the other direction', NEWEST, encodeCursor({ ...NEWEST, direction: 'ASC' }, { value: 1, id: ID })],
  ['another field', NEWEST, encodeCursor({ ...NEWEST, field: 'updatedAt' }, { value: 1, id: ID })],
  ['a list by name', NEWEST, encodeCursor({ ...BY_NAME, direction: 'DESC' }, { value: 'a', id: ID })],
  ['nothing', NEWEST, ''],
  ['no base64', NEWEST, '!!!'],
  ['no JSON', NEWEST, Buffer.from('createdAt').toString('base64url')],
  ['JSON that is not a list', NEWEST, Buffer.from('{"field":"createdAt"}').toString('base64url')],
  ['null', NEWEST, Buffer.from('null').toString('base64url')],
  ['an empty list', NEWEST, forged()],
  ['no id', NEWEST, forged('createdAt', 'DESC', 1)],
  ['an id that is a number', NEWEST, forged('createdAt', 'DESC', 1, 1)],
  ['an id that is an object', NEWEST, forged('createdAt', 'DESC', 1, { $ne: 1 })],
  ['a time that is a string', NEWEST, forged('createdAt', 'DESC', '1', ID)],
  ['a time that is a fraction', NEWEST, forged('createdAt', 'DESC', 1.5, ID)],
  ['a time that no database can hold', NEWEST, forged('createdAt', 'DESC', 1e300, ID)],
  ['a time that is null', NEWEST, forged('createdAt', 'DESC', null, ID)],
  ['a name that is a number', BY_NAME, forged('name', 'ASC', 1, ID)],
  ['a name that is a list', BY_NAME, forged('name', 'ASC', ['a'], ID)],
  ['a name with a NUL, which PostgreSQL cannot take', BY_NAME, forged('name', 'ASC', 'a\0', ID)],
  ['an id with a NUL, which PostgreSQL cannot take', NEWEST, forged('createdAt', 'DESC', 1, '\0')],
])('A cursor of another list is a validation_error: %s', (_, order, cursor) => {
  expect(() => decodeCursor(order, cursor)).toThrow(RegistryError);
  expect(() => decodeCursor(order, cursor)).toThrow(
    expect.objectContaining({
      code: 'validation_error',
      status: 422,
      message: 'The cursor "after" does not belong to this list.',
      options: {
        invalidFields: { after: ['must be a cursor from a page of the same list in the same order'] },
      },
    }),
  );
});
