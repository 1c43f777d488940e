import { type RequestContext, changesBetween } from '../../audit/audit-event.js';
import { newId } from '../../database/id.js';
import { readJwt } from '../../jwt/read-jwt.js';
import { generateSecret } from '../../secrets/secret.js';
import {
  auditedFields,
  type Client,
  type IssuedClient,
  type IssuedSecret,
  type Provenance,
} from './client.js';
import { type ClientMetadata, usesSecret } from '../../policy/client.js';
import { staysVerified } from '../../policy/verified.js';

/**
 * Makes a new client of a profile, with a secret if it can keep one.
 * @param secretTtlMs how long the secret is valid; null: until it is revoked
 * @param newSecret the value of the secret, if it has one; omitted: a new one
 */
export function issueClient(
  profile: ClientMetadata,
  provenance: Provenance,
  secretTtlMs: number | null = null,
  newSecret?: string,
): IssuedClient {
  const id = newId();
  const now = new Date();
  // Spread last: a create takes a fifth longer with the spread first (ADR 8)
  const client: Client = {
    id,
    status: 'active',
    disabledReason: null,
    softwareStatementExpiresAt: expiryOf(profile.metadata.softwareStatement),
    verified: false,
    version: 1,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
    lastUsedAt: null,
    registrationCount: 1,
    ...provenance,
    ...profile,
    name: profile.name ?? id,
  };
  return { client, secret: secretFor(client, secretTtlMs, newSecret) };
}

/**
 * The client as a new profile leaves it; the same client if nothing changes. An operator verified the client as it was: what
 * another interface does beyond restricting it removes the mark. Only another software statement changes how long it may be used.
 */
export function changeProfile(client: Client, profile: ClientMetadata, context: RequestContext): Client {
  const { softwareStatement } = profile.metadata;
  const isRenewed =
    softwareStatement !== undefined && softwareStatement !== client.metadata.softwareStatement;
  const changed = changeClient(client, {
    ...profile,
    name: profile.name ?? client.id,
    ...(isRenewed && { softwareStatementExpiresAt: expiryOf(softwareStatement) }),
  });
  if (changesBetween(auditedFields(client), auditedFields(changed)).length === 0) return client;
  const isStillVouchedFor = context.channel === 'graphql' || staysVerified(client, changed);
  return { ...changed, verified: client.verified && isStillVouchedFor };
}

/** The client as a change leaves it. */
export function changeClient(client: Client, change: Partial<Client>): Client {
  return {
    ...client,
    ...change,
    version: client.version + 1,
    updatedAt: new Date(Math.max(Date.now(), client.updatedAt.getTime() + 1)),
  };
}

/** The `exp` of a verified software statement; null if it has none, or one that no calendar reaches. */
function expiryOf(statement: string | undefined): Date | null {
  const { exp } = (statement !== undefined && readJwt(statement)?.claims) || {};
  const end = new Date((exp ?? NaN) * 1000);
  return Number.isNaN(end.getTime()) ? null : end;
}

/** A public client cannot keep a secret (RFC 6749 §2.1), and one that signs assertions needs none. */
export function secretFor(
  client: Pick<ClientMetadata, 'tokenEndpointAuthMethod'>,
  ttlMs: number | null,
  value?: string,
): IssuedSecret | null {
  const expiresAt = ttlMs === null ? null : new Date(Date.now() + ttlMs);
  return usesSecret(client) ? { value: value ?? generateSecret(), expiresAt } : null;
}
