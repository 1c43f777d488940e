import { channel as nodeChannel, tracingChannel } from 'node:diagnostics_channel';

/**
 * What the service tells those who watch it (`operations/metrics`, `operations/tracing`), by the channels of Node, so that
 * nobody who does the work knows who watches. To publish costs a look at `hasSubscribers` where nobody does.
 */
interface Channel<T> {
  readonly hasSubscribers: boolean;
  publish(message: T): void;
  subscribe(listener: (message: T) => void): void;
  unsubscribe(listener: (message: T) => void): void;
}

const channel = <T>(name: string) => nodeChannel(`oauth-client-registry:${name}`) as Channel<T>;

/** A batch that begins. */
export interface BatchMessage {
  /** What it does, and to which table: one of a handful. */
  name: string;
  /** Items that are in it. */
  size: number;
  /** Items that wait for the next one. */
  waiting: number;
}

/** A registration that was answered with a client. */
export interface RegistrationMessage {
  /** `reused`: the client was there already. */
  result: 'registered' | 'reused';
}

/** An error that a REST caller was told. */
export interface RefusalMessage {
  method: string;
  /** The pattern of the route; undefined where there is none. */
  route: string | undefined;
  code: string;
  /** By the caller's names, some of which are of its own invention. */
  fields: readonly string[];
}

/** A GraphQL request that was answered. */
export interface OperationMessage {
  /** `invalid`: one that was not even begun. */
  operation: 'query' | 'mutation' | 'invalid';
  /** The fields of the root that it asks for, each a name of the schema, once. */
  fields: readonly string[];
  hasErrors: boolean;
  durationMs: number;
}

/** A job that ended. */
export interface JobMessage {
  job: string;
  outcome: 'done' | 'failed';
  durationMs: number;
  /** That it was done to. */
  rows: number;
}

/** A reading of the clock that purges go by. */
export interface PurgeClockMessage {
  /** How far the clock of the database is ahead of it. */
  behindMs: number;
}

/** Lines that the destination of the log did not take. */
export interface DroppedLogLinesMessage {
  lines: number;
}

/** Something that a request waits for the database to do. */
export interface DatabaseCall {
  /** What is done, and to which table. */
  name: string;
}

export const batches = channel<BatchMessage>('batch');
export const registrations = channel<RegistrationMessage>('registration');
export const refusals = channel<RefusalMessage>('refusal');
export const operations = channel<OperationMessage>('graphql-operation');
export const jobs = channel<JobMessage>('job');
export const purgeClock = channel<PurgeClockMessage>('purge-clock');
export const droppedLogLines = channel<DroppedLogLinesMessage>('dropped-log-lines');
export const databaseCalls = tracingChannel<unknown, DatabaseCall>('oauth-client-registry:database');

/** Lets whoever traces see how long `work` takes. */
export function traced<T>(name: string, work: () => Promise<T>): Promise<T> {
  return databaseCalls.start.hasSubscribers ? databaseCalls.tracePromise(work, { name }) : work();
}
