import type { AdapterPayload } from 'oidc-provider';
import type { Grant } from './grant.js';

/** A grant as the library takes it. */
export const toEngineGrant = ({ id, clientId, userId, scopes, createdAt }: Grant): AdapterPayload => ({
  kind: 'Grant',
  jti: id,
  iat: Math.floor(createdAt.getTime() / 1000),
  accountId: userId,
  clientId,
  resources: Object.fromEntries(
    Object.entries(scopes).map(([resource, granted]) => [resource, granted.join(' ')]),
  ),
});
