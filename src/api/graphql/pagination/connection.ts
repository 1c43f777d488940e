import { type Type } from '@nestjs/common';
import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { IsInt, IsOptional, Max, MaxLength, Min } from 'class-validator';
import type { IdPageRequest, Page, PageRequest } from '../../../clients/client/client-query.js';
import { RegistryError } from '../../../errors/registry-error.js';
import { decodeIdCursor, encodeIdCursor } from './cursor.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

/** Relay Cursor Connections: how every list is asked for, and how it answers. */

export const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 20;
/** Of a list in each object of a list. */
const DEFAULT_INNER_PAGE_SIZE = 10;

/** `first` and `after`, `first` being `defaultSize` where it is left out. */
function pageArgs(defaultSize: number) {
  @ArgsType()
  class PageArguments {
    @IsInt()
    @Min(1, { message: 'must be at least 1' })
    @Max(MAX_PAGE_SIZE, { message: `must be at most ${MAX_PAGE_SIZE}` })
    @FieldWithDefault(() => Int, {
      defaultValue: defaultSize,
      description: `How many, 1 to ${MAX_PAGE_SIZE}.`,
    })
    first!: number;

    @IsOptional()
    @MaxLength(4096, { message: 'must be a cursor of an earlier page' })
    @Field(() => String, { nullable: true, description: 'The cursor behind which the page begins.' })
    after?: string | null;
  }
  return PageArguments;
}

@ArgsType()
export class PageArgs extends pageArgs(DEFAULT_PAGE_SIZE) {}

/** The same for lists that can be read from their end, too: `last` and `before`. */
function twoWayPageArgs(defaultSize: number) {
  @ArgsType()
  class TwoWayPageArguments extends pageArgs(defaultSize) {
    @IsOptional()
    @IsInt()
    @Min(1, { message: 'must be at least 1' })
    @Max(MAX_PAGE_SIZE, { message: `must be at most ${MAX_PAGE_SIZE}` })
    @Field(() => Int, {
      nullable: true,
      description: `How many from the end, 1 to ${MAX_PAGE_SIZE}, in the order of the list; \`first\` then counts for nothing.`,
    })
    last?: number | null;

    @IsOptional()
    @MaxLength(4096, { message: 'must be a cursor of another page' })
    @Field(() => String, {
      nullable: true,
      description: 'The cursor in front of which the page ends; with `last`, and without `after`.',
    })
    before?: string | null;
  }
  return TwoWayPageArguments;
}

@ArgsType()
export class TwoWayPageArgs extends twoWayPageArgs(DEFAULT_PAGE_SIZE) {}

@ArgsType()
export class InnerPageArgs extends twoWayPageArgs(DEFAULT_INNER_PAGE_SIZE) {}

@ObjectType({ description: 'Where a page lies in its list (Relay Cursor Connections).' })
export class PageInfo {
  @Field({
    description: 'Whether there is more behind this page; always true for one that `before` asks for.',
  })
  hasNextPage!: boolean;

  @Field({
    description: 'Whether there is more in front of this page; always true for one that `after` asks for.',
  })
  hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the first entry, to be sent as `before`; null on an empty page.',
  })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last entry, to be sent as `after`; null on an empty page.',
  })
  endCursor!: string | null;
}

/**
 * The members of a connection. Its entries are promises: where an entry fails at once, graphql-js 16 leaves the promises of the entries
 * before it without a handler, and a rejection of one ends the process (graphql/graphql-js#4643).
 */
export interface Connection<T> {
  edges: Promise<{ node: T; cursor: string }>[];
  nodes: Promise<T>[];
  pageInfo: PageInfo;
}

/** A class that makes a connection of nodes when it is extended by an object type. */
export function connectionOf<T>(node: Type<T>): Type<Connection<T>> {
  @ObjectType(`${node.name}Edge`, { description: 'An entry of a page, and its place in the list.' })
  class Edge {
    @Field(() => node, { description: 'The entry.' })
    node!: T;

    @Field({ description: 'Its place in the list; stays valid while others come and go.' })
    cursor!: string;
  }

  @ObjectType({ isAbstract: true })
  class AbstractConnection implements Connection<T> {
    @Field(() => [Edge], { description: 'The entries, each with its cursor.' })
    edges!: Promise<Edge>[];

    @Field(() => [node], { description: 'The entries alone.' })
    nodes!: Promise<T>[];

    @Field(() => PageInfo, { description: 'Where the page lies in its list.' })
    pageInfo!: PageInfo;
  }
  return AbstractConnection;
}

/**
 * Which page is asked for, by its cursor.
 * @param decode the place that a cursor stands for; the argument is the one to blame
 * @throws RegistryError `validation_error` for arguments that contradict each other
 */
export function toPageRequest<Place>(
  { first, after, last, before }: PageArgs & Partial<TwoWayPageArgs>,
  decode: (cursor: string, argument: string) => Place,
): PageRequest<Place> {
  const place = (argument: string, cursor?: string | null) => (cursor ? decode(cursor, argument) : null);
  if (typeof last === 'number') {
    if (after) throw contradiction('after', 'goes with first, not with last');
    return { size: last, after: place('before', before), isBackward: true };
  }
  if (before) throw contradiction('before', 'goes with last');
  return { size: first, after: place('after', after) };
}

const contradiction = (argument: string, fault: string) =>
  new RegistryError('validation_error', `The argument "${argument}" ${fault}.`, {
    invalidFields: { [argument]: [fault] },
  });

/** The same for a list in the order of its ids. */
export const toIdPageRequest = (args: PageArgs): IdPageRequest => toPageRequest(args, decodeIdCursor);

/** A page as a connection. */
export function toConnection<R, T>(
  { rows, hasNextPage, hasPreviousPage }: Page<R>,
  toNode: (row: R) => T,
  cursorOf: (row: R) => string,
): Connection<T> {
  const edges = rows.map((row) => ({ node: toNode(row), cursor: cursorOf(row) }));
  return {
    edges: edges.map((edge) => Promise.resolve(edge)),
    nodes: edges.map(({ node }) => Promise.resolve(node)),
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** A page of a list in the order of its ids as a connection. */
export const toIdConnection = <R extends { id: string }, T>(
  page: Page<R>,
  toNode: (row: R) => T,
): Connection<T> => toConnection(page, toNode, ({ id }) => encodeIdCursor(id));
