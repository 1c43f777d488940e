import { channel as nodeChannel, tracingChannel } from 'node:diagnostics_channel';

/**
 * Events for metrics and traces, on the diagnostics channels of Node.js: publishers do not know their subscribers. Without one, the cost
 * is a look at `hasSubscribers`.
 */
export interface Channel<T> {
  readonly hasSubscribers: boolean;
  publish(message: T): void;
  subscribe(listener: (message: T) => void): void;
  unsubscribe(listener: (message: T) => void): void;
}

const channel = <T>(name: string) => nodeChannel(`oauth-client-registry:${name}`) as Channel<T>;

export interface BatchMessage {
  /** What it does, and to which table: one of a handful. */
  name: string;
  /** Items that are in it. */
  size: number;
  /** Items that wait for the next one. */
  waiting: number;
}
/** A batch that begins. */
export const batches = channel<BatchMessage>('batch');

/** A registration that was answered with a client; `reused`: it was there already. */
export const registrations = channel<{ result: 'registered' | 'reused' }>('registration');

/** A client that authenticated, or tried to; `result` is `authenticated` or the reason why not. */
export const clientAuthentications = channel<{ method: string; result: string }>('client-authentication');

/** An error returned to a REST caller. */
export const rejections = channel<{
  method: string;
  /** The pattern of the route; undefined if there is none. */
  route: string | undefined;
  code: string;
  /** Names of fields as the caller sent them; the caller may have invented some. */
  fields: readonly string[];
}>('rejection');

export interface OperationMessage {
  /** `invalid`: one that was not even begun. */
  operation: 'query' | 'mutation' | 'invalid';
  /** The fields of the root that it asks for, each a name of the schema, once. */
  fields: readonly string[];
  hasErrors: boolean;
  durationMs: number;
}
/** A GraphQL request that was answered. */
export const operations = channel<OperationMessage>('graphql-operation');

/** A job that ended, and the rows that it was done to. */
export const jobs = channel<{ job: string; outcome: 'done' | 'failed'; durationMs: number; rows: number }>(
  'job',
);

/** A reading of the clock that purges go by, and how far the clock of the database is ahead of it. */
export const purgeClock = channel<{ behindMs: number }>('purge-clock');

/** Lines that the destination of the log did not take. */
export const droppedLogLines = channel<{ lines: number }>('dropped-log-lines');

/** Something that a request waits for the database to do: what is done, and to which table. */
export interface DatabaseCall {
  name: string;
}
export const databaseCalls = tracingChannel<unknown, DatabaseCall>('oauth-client-registry:database');

/** Publishes how long `work` takes, for traces. */
export function traced<T>(name: string, work: () => Promise<T>): Promise<T> {
  return databaseCalls.start.hasSubscribers ? databaseCalls.tracePromise(work, { name }) : work();
}
