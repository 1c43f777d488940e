import { type Client, standingOf } from '../../../clients/client/client.js';
import type { ClientFilter, ClientStats } from '../../../clients/client/client-query.js';
import { showFields } from '../../../policy/client.js';
import { toFilter } from '../schema/filter.js';
import type { OAuthClientFilter } from './oauth-clients.args.js';
import type { OAuthClientStats } from './oauth-client-stats.type.js';
import type { OAuthClient } from './oauth-client.type.js';

/** The fields of the schema; graphql-js drops the others. */
export function toOAuthClient(client: Client): OAuthClient {
  const { translations = {} } = client.metadata;
  return {
    ...client,
    ...showFields('graphql', client),
    ...standingOf(client, new Date()),
    clientId: client.id,
    name: client.name,
    translations: Object.entries(translations).map(([member, value]) => ({ member, value })),
  };
}

export function toStats(stats: ClientStats): OAuthClientStats {
  return {
    total: stats.total,
    byClientType: stats.byClientType.map(({ key, count }) => ({ clientType: key, count })),
    bySource: stats.bySource.map(({ key, count }) => ({ source: key, count })),
    byStatus: stats.byStatus.map(({ key, count }) => ({ status: key, count })),
    byGrantType: stats.byGrantType.map(({ key, count }) => ({ grantType: key, count })),
    createdPerDay: stats.createdPerDay.map(({ key, count }) => ({ date: key, count })),
  };
}

/** `deleted: false` means the same as an omitted `deleted`. */
export function toClientFilter(filter: OAuthClientFilter | null | undefined): ClientFilter {
  const { deleted, ...rest } = toFilter(filter);
  return { ...rest, ...(deleted && { deleted }) };
}
