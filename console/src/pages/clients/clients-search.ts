import type {
  ClientSource,
  ClientStatus,
  ClientType,
  GrantType,
  OAuthClientFilter,
  OAuthClientOrder,
} from '../../graphql/operations';
import { type PageSearch, readPageSearch } from '../../parts/paging';
import { flag, oneOf, text, withoutBlanks } from '../../parts/search';

export const CLIENT_TYPES = ['PUBLIC', 'CONFIDENTIAL'] as const satisfies readonly ClientType[];
export const SOURCES = ['API', 'DYNAMIC', 'ADMIN'] as const satisfies readonly ClientSource[];
export const STATUSES = ['ACTIVE', 'DISABLED'] as const satisfies readonly ClientStatus[];
export const GRANT_TYPES = [
  'AUTHORIZATION_CODE',
  'CLIENT_CREDENTIALS',
  'REFRESH_TOKEN',
] as const satisfies readonly GrantType[];
export const ORDER_FIELDS = ['CREATED_AT', 'UPDATED_AT', 'NAME'] as const;
export const DEFAULT_COLUMNS = ['name', 'clientType', 'source', 'status', 'orgId', 'createdAt'];

/** Filters, order, columns and page of the list of clients, as the URL holds them. */
export interface ClientsSearch extends PageSearch {
  /** A part of the name. */
  q?: string;
  clientType?: ClientType;
  source?: ClientSource;
  status?: ClientStatus;
  grantType?: GrantType;
  scope?: string;
  orgId?: string;
  userId?: string;
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
    scope: text(raw.scope),
    orgId: text(raw.orgId),
    userId: text(raw.userId),
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
  const { q, clientType, source, status, grantType, scope, orgId, userId, verified, unused, deleted } =
    search;
  return withoutBlanks({
    nameContains: q,
    clientType,
    source,
    status,
    grantType,
    scope,
    orgId,
    userId,
    verified,
    unused,
    deleted,
  });
}

export const orderOf = ({ order, direction }: ClientsSearch): OAuthClientOrder => ({
  field: order ?? 'CREATED_AT',
  direction: direction ?? 'DESC',
});
