import type { Client } from '../../clients/client.js';
import {
  type ClientFilter,
  type ClientOrder,
  type ClientPage,
  type ClientStats,
  positionOf,
} from '../../clients/client-query.js';
import { encodeCursor } from './cursor.js';
import type { OAuthClientConnection } from './oauth-client-connection.type.js';
import type { OAuthClientStats } from './oauth-client-stats.type.js';
import type { OAuthClient } from './oauth-client.type.js';

export function toOAuthClient(client: Client): OAuthClient {
  const { metadata } = client;
  return {
    clientId: client.id,
    name: client.name,
    orgId: client.orgId,
    userId: client.userId,
    clientType: client.type,
    tokenEndpointAuthMethod: client.tokenEndpointAuthMethod,
    allowedGrantTypes: client.grantTypes,
    allowedScopes: client.scopes,
    redirectUris: client.redirectUris,
    requirePkce: client.requirePkce,
    logoUri: client.logoUri,
    policyUri: client.policyUri,
    tosUri: client.tosUri,
    clientUri: metadata.clientUri ?? null,
    contacts: metadata.contacts ?? [],
    jwksUri: metadata.jwksUri ?? null,
    jwks: metadata.jwks ? JSON.stringify(metadata.jwks) : null,
    softwareId: metadata.softwareId ?? null,
    softwareVersion: metadata.softwareVersion ?? null,
    softwareStatement: metadata.softwareStatement ?? null,
    applicationType: metadata.applicationType ?? null,
    translations: Object.entries(metadata.translations ?? {}).map(([member, value]) => ({ member, value })),
    source: client.source,
    status: client.status,
    verified: client.verified,
    version: client.version,
    createdAt: client.createdAt,
    updatedAt: client.updatedAt,
  };
}

export function toConnection(
  { clients, hasNextPage }: ClientPage,
  filter: ClientFilter,
  order: ClientOrder,
  hasPreviousPage: boolean,
): OAuthClientConnection {
  const edges = clients.map((client) => ({
    node: toOAuthClient(client),
    cursor: encodeCursor(order, positionOf(client, order)),
  }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    filter,
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

/** GraphQL says null for what is left out as well as for what is not there. */
export function toFilter(filter: ClientFilter | null | undefined): ClientFilter {
  return Object.fromEntries(
    Object.entries(filter ?? {}).filter(([, value]) => value !== null && value !== undefined),
  );
}
