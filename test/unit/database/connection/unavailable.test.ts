import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { isDatabaseUnavailable } from '../../../../src/database/connection/unavailable.js';

const failure = (code: string | undefined, message = 'failed') => Object.assign(new Error(message), { code });
const inQuery = (cause: Error) => new QueryFailedError('SELECT 1', [], cause);

const MAY_PASS = [
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
  'SQLITE_LOCKED',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_IOERR_WRITE',
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
  // The file is damaged: an operator restores a backup
  'SQLITE_CORRUPT',
  'SQLITE_CORRUPT_INDEX',
  'SQLITE_NOTADB',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  // The way to the host is broken, as when a cable or a node is
  'EHOSTUNREACH',
  'ENETUNREACH',
  // The system has no room for another thread
  'ERR_WORKER_INIT_FAILED',
  '08000', // connection_exception
  '08006', // connection_failure
  '53100', // disk_full
  '53300', // too_many_connections
  '57014', // query_canceled, by statement_timeout
  '57P01', // admin_shutdown
  '57P03', // cannot_connect_now
  '25P03', // idle_in_transaction_session_timeout
  '25P04', // transaction_timeout
  'ERR_STREAM_DESTROYED',
  '25006', // read_only_sql_transaction
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
];

it.each(MAY_PASS)('Transient error: %s', (code) => {
  expect([isDatabaseUnavailable(failure(code)), isDatabaseUnavailable(inQuery(failure(code)))]).toEqual([
    true,
    true,
  ]);
});

it.each([
  'timeout exceeded when trying to connect',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Connection terminated',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'The database connection is not open',
])('Transient error without a code of the driver: %s', (message) => {
  expect([
    isDatabaseUnavailable(failure(undefined, message)),
    isDatabaseUnavailable(inQuery(failure(undefined, message))),
  ]).toEqual([true, true]);
});

it('Transient error: TypeORM released the connection because it was lost', () => {
  expect(isDatabaseUnavailable(new QueryRunnerAlreadyReleasedError())).toBe(true);
});

it.each<[string, unknown]>([
  ['a broken constraint on SQLite', inQuery(failure('SQLITE_CONSTRAINT_UNIQUE'))],
  ['a broken constraint on PostgreSQL', inQuery(failure('23505'))],
  ['text that is not UTF-8', inQuery(failure('22021'))],
  ['a table that is not there', inQuery(failure('42P01'))],
  ['a code that only contains one', failure('X08006')],
  ['a code that is a number', Object.assign(new Error('failed'), { code: 53300 })],
  ['an error without a code', new Error('failed')],
  ['a text', 'ECONNREFUSED'],
  ['nothing', undefined],
  ['null', null],
])('Permanent error: %s', (_, error) => {
  expect(isDatabaseUnavailable(error)).toBe(false);
});
