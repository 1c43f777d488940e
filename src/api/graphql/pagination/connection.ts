import { type Type } from '@nestjs/common';
import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { IsInt, IsOptional, Max, MaxLength, Min } from 'class-validator';
import type { IdPageRequest, Page, PageRequest } from '../../../clients/client/client-query.js';
import { RegistryError } from '../../../errors/registry-error.js';
import { decodeIdCursor, encodeIdCursor } from './cursor.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

/** Pagination of every list, as in Relay Cursor Connections. */

export const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 20;
/** Page size of a list nested in another list. */
const DEFAULT_INNER_PAGE_SIZE = 10;

/** `first` and `after`; `first` defaults to `defaultSize`. */
function pageArgs(defaultSize: number) {
  @ArgsType()
  class PageArguments {
    @IsInt()
    @Min(1, { message: 'must be at least 1' })
    @Max(MAX_PAGE_SIZE, { message: `must be at most ${MAX_PAGE_SIZE}` })
    @FieldWithDefault(() => Int, {
      defaultValue: defaultSize,
      description: `The page size, 1 to ${MAX_PAGE_SIZE}.`,
    })
    first!: number;

    @IsOptional()
    @MaxLength(4096, { message: 'must be a cursor from an earlier page' })
    @Field(() => String, { nullable: true, description: 'The page starts after this cursor.' })
    after?: string | null;
  }
  return PageArguments;
}

@ArgsType()
export class PageArgs extends pageArgs(DEFAULT_PAGE_SIZE) {}

/** The same with `last` and `before`, for lists that can be read backward. */
function twoWayPageArgs(defaultSize: number) {
  @ArgsType()
  class TwoWayPageArguments extends pageArgs(defaultSize) {
    @IsOptional()
    @IsInt()
    @Min(1, { message: 'must be at least 1' })
    @Max(MAX_PAGE_SIZE, { message: `must be at most ${MAX_PAGE_SIZE}` })
    @Field(() => Int, {
      nullable: true,
      description: `The page size when reading backward, 1 to ${MAX_PAGE_SIZE}. Replaces \`first\`. The order of the list stays the same.`,
    })
    last?: number | null;

    @IsOptional()
    @MaxLength(4096, { message: 'must be a cursor from another page' })
    @Field(() => String, {
      nullable: true,
      description: 'The page ends before this cursor. Requires `last`; cannot be combined with `after`.',
    })
    before?: string | null;
  }
  return TwoWayPageArguments;
}

@ArgsType()
export class TwoWayPageArgs extends twoWayPageArgs(DEFAULT_PAGE_SIZE) {}

@ArgsType()
export class InnerPageArgs extends twoWayPageArgs(DEFAULT_INNER_PAGE_SIZE) {}

@ObjectType({ description: 'The position of a page in its list (Relay Cursor Connections).' })
export class PageInfo {
  @Field({
    description: 'Whether more entries follow this page. Always true for a page requested with `before`.',
  })
  hasNextPage!: boolean;

  @Field({
    description: 'Whether entries precede this page. Always true for a page requested with `after`.',
  })
  hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the first entry, for use as `before`. Null on an empty page.',
  })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last entry, for use as `after`. Null on an empty page.',
  })
  endCursor!: string | null;
}

/**
 * The members of a connection. Entries are promises because graphql-js 16 leaves earlier rejections unhandled if an entry throws
 * synchronously, which ends the process (graphql/graphql-js#4643).
 */
export interface Connection<T> {
  edges: Promise<{ node: T; cursor: string }>[];
  nodes: Promise<T>[];
  pageInfo: PageInfo;
}

/** The base class of a connection of `node`. */
export function connectionOf<T>(node: Type<T>): Type<Connection<T>> {
  @ObjectType(`${node.name}Edge`, { description: 'An entry of a page and its cursor.' })
  class Edge {
    @Field(() => node, { description: 'The entry.' })
    node!: T;

    @Field({
      description:
        'The position of the entry in the list. It stays valid when other entries are added or removed.',
    })
    cursor!: string;
  }

  @ObjectType({ isAbstract: true })
  class AbstractConnection implements Connection<T> {
    @Field(() => [Edge], { description: 'The entries of the page with their cursors.' })
    edges!: Promise<Edge>[];

    @Field(() => [node], { description: 'The entries of the page without cursors.' })
    nodes!: Promise<T>[];

    @Field(() => PageInfo, { description: 'The position of the page in its list.' })
    pageInfo!: PageInfo;
  }
  return AbstractConnection;
}

/**
 * The requested page.
 * @param decode reads a cursor; `argument` is the name for its error
 * @throws RegistryError `validation_error` for arguments that contradict each other
 */
export function toPageRequest<Place>(
  { first, after, last, before }: PageArgs & Partial<TwoWayPageArgs>,
  decode: (cursor: string, argument: string) => Place,
): PageRequest<Place> {
  const place = (argument: string, cursor?: string | null) => (cursor ? decode(cursor, argument) : null);
  if (typeof last === 'number') {
    if (after) throw contradiction('after', 'can be combined with first only, not with last');
    return { size: last, after: place('before', before), isBackward: true };
  }
  if (before) throw contradiction('before', 'requires last');
  return { size: first, after: place('after', after) };
}

const contradiction = (argument: string, fault: string) =>
  new RegistryError('validation_error', `The argument "${argument}" ${fault}.`, {
    invalidFields: { [argument]: [fault] },
  });

/** The same for a list ordered by id. */
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

/** A page of a list ordered by id as a connection. */
export const toIdConnection = <R extends { id: string }, T>(
  page: Page<R>,
  toNode: (row: R) => T,
): Connection<T> => toConnection(page, toNode, ({ id }) => encodeIdCursor(id));
