import type {
  ClientSource,
  ClientStatus,
  ClientType,
  GrantType,
  OAuthClientFilter,
  OAuthClientOrder,
  TokenEndpointAuthMethod,
} from '../../graphql/operations';
import { type PageSearch, readPageSearch } from '../../parts/paging';
import { day, flag, oneOf, text, withoutBlanks } from '../../parts/search';

export const CLIENT_TYPES = ['PUBLIC', 'CONFIDENTIAL'] as const satisfies readonly ClientType[];
export const SOURCES = ['API', 'DYNAMIC', 'ADMIN'] as const satisfies readonly ClientSource[];
export const STATUSES = ['ACTIVE', 'DISABLED'] as const satisfies readonly ClientStatus[];
export const GRANT_TYPES = [
  'AUTHORIZATION_CODE',
  'CLIENT_CREDENTIALS',
  'REFRESH_TOKEN',
] as const satisfies readonly GrantType[];
export const AUTH_METHODS = [
  'NONE',
  'CLIENT_SECRET_BASIC',
  'CLIENT_SECRET_POST',
  'PRIVATE_KEY_JWT',
] as const satisfies readonly TokenEndpointAuthMethod[];
export const ORDER_FIELDS = ['CREATED_AT', 'UPDATED_AT', 'LAST_USED_AT', 'NAME'] as const;
export const DEFAULT_COLUMNS = ['name', 'clientType', 'source', 'status', 'orgId', 'createdAt', 'lastUsedAt'];

/** Filters, order, columns and page of the list of clients, as the URL holds them. */
export interface ClientsSearch extends PageSearch {
  /** A part of the name. */
  q?: string;
  clientType?: ClientType;
  source?: ClientSource;
  status?: ClientStatus;
  grantType?: GrantType;
  authMethod?: TokenEndpointAuthMethod;
  scope?: string;
  orgId?: string;
  userId?: string;
  redirectHost?: string;
  softwareId?: string;
  /** A day of UTC. */
  lastUsedBefore?: string;
  verified?: boolean;
  unused?: boolean;
  deleted?: boolean;
  order?: (typeof ORDER_FIELDS)[number];
  direction?: 'ASC' | 'DESC';
  /** Names of columns, separated by commas. */
  columns?: string;
}

export const readClientsSearch = (raw: Record<string, unknown>): ClientsSearch =>
  withoutBlanks({
    q: text(raw.q),
    clientType: oneOf(CLIENT_TYPES, raw.clientType),
    source: oneOf(SOURCES, raw.source),
    status: oneOf(STATUSES, raw.status),
    grantType: oneOf(GRANT_TYPES, raw.grantType),
    authMethod: oneOf(AUTH_METHODS, raw.authMethod),
    scope: text(raw.scope),
    orgId: text(raw.orgId),
    userId: text(raw.userId),
    redirectHost: text(raw.redirectHost),
    softwareId: text(raw.softwareId),
    lastUsedBefore: day(raw.lastUsedBefore),
    verified: flag(raw.verified),
    unused: flag(raw.unused),
    deleted: flag(raw.deleted),
    order: oneOf(ORDER_FIELDS, raw.order),
    direction: oneOf(['ASC', 'DESC'] as const, raw.direction),
    columns: text(raw.columns),
    ...readPageSearch(raw),
  });

/** The filter in the URL. */
export function filterOf(search: ClientsSearch): OAuthClientFilter {
  const { q, lastUsedBefore, order, direction, columns, size, page, after, before, ...rest } = search;
  return withoutBlanks({
    ...rest,
    nameContains: q,
    lastUsedBefore: lastUsedBefore && `${lastUsedBefore}T00:00:00Z`,
  });
}

export const orderOf = ({ order, direction }: ClientsSearch): OAuthClientOrder => ({
  field: order ?? 'CREATED_AT',
  direction: direction ?? 'DESC',
});
