import type { Client, ClientSource, ClientStatus } from './client.js';
import type { ClientType, TokenEndpointAuthMethod } from '../../policy/client.js';
import type { GrantType } from '../../policy/grants/grant-types.js';
import type { PageRequest } from '../../database/sql/pages.js';

export { type IdPageRequest, type Page, pageOf, type PageRequest } from '../../database/sql/pages.js';

/** One client. With an organization, a client of any other is as one that does not exist: no statement finds it. */
export interface ClientKey {
  id: string;
  orgId?: string;
  /** A deleted one, rather than one that lives. */
  isDeleted?: boolean;
}

/** Clients that one operation may change. */
export const MAX_BULK = 10_000;

/** Which clients; those that match everything that is said. */
export interface ClientFilter {
  id?: string;
  /** One of these. */
  ids?: readonly string[];
  /** The whole name, as it is written. */
  name?: string;
  orgId?: string;
  userId?: string;
  /** Ignores the case of ASCII letters. */
  nameContains?: string;
  clientType?: ClientType;
  grantType?: GrantType;
  scope?: string;
  /** At the token endpoint. */
  authMethod?: TokenEndpointAuthMethod;
  /** The host of a redirect URI, or a private-use scheme such as `cursor:`; see isRedirectTarget. Ignores case. */
  redirectHost?: string;
  softwareId?: string;
  source?: ClientSource;
  status?: ClientStatus;
  verified?: boolean;
  /** Registered with this token. */
  initialAccessTokenId?: string;
  /** Deleted ones, rather than those that live. */
  deleted?: true;
  /** true: unused anonymous clients that no administrator has verified or disabled. false: all others. */
  unused?: boolean;
  /** Exclusive. */
  createdAfter?: Date;
  /** Exclusive. */
  createdBefore?: Date;
  /** Used before this time for the last time, or never used and created before it. */
  lastUsedBefore?: Date;
}

export const CLIENT_ORDER_FIELDS = ['createdAt', 'updatedAt', 'lastUsedAt', 'name'] as const;
export type ClientOrderField = (typeof CLIENT_ORDER_FIELDS)[number];

export const ORDER_DIRECTIONS = ['ASC', 'DESC'] as const;
export type OrderDirection = (typeof ORDER_DIRECTIONS)[number];

/** Clients that are equal in `field` follow each other by id, in the same direction. Never used is before all times. */
export interface ClientOrder {
  field: ClientOrderField;
  direction: OrderDirection;
}

/** A place in an ordered list: right after the client with this value and id. */
export interface Position {
  value: string | number;
  id: string;
}

export type ClientPageRequest = PageRequest<Position>;

export interface Count<K extends string = string> {
  key: K;
  count: number;
}

export interface ClientStats {
  total: number;
  byClientType: Count<ClientType>[];
  bySource: Count<ClientSource>[];
  byStatus: Count<ClientStatus>[];
  /** A client counts once for each of its grant types. */
  byGrantType: Count<GrantType>[];
  /** Days of UTC as YYYY-MM-DD: the last 30, today included, oldest first, those without a client too. */
  createdPerDay: Count[];
}

/** How many clients there are of one kind. */
export interface CountsByKind {
  source: ClientSource;
  status: ClientStatus | 'deleted';
  /** Whether an organization owns the clients. */
  isOwned: boolean;
  count: number;
}

/** A part of a count of all clients. */
export interface CountStep {
  counts: CountsByKind[];
  /** Where the next step continues; null: this was the last. */
  next: string | null;
}

/** A page by its number, the newest clients first. */
export interface NumberedPageRequest {
  /** From 1. */
  number: number;
  size: number;
}

export interface NumberedPage {
  clients: Client[];
  /** Clients on all pages together. */
  total: number;
}

/** Replaces a missing time when sorting by a time that not every client has. */
export const NEVER = 0;

/** The place of a client in a list of that order. */
export function positionOf(client: Client, { field }: ClientOrder): Position {
  const value = client[field] ?? NEVER;
  return { value: value instanceof Date ? value.getTime() : value, id: client.id };
}
