import type { ClientMetadata } from '../../policy/client.js';
import type { GrantType } from '../../policy/grants/grant-types.js';

/** The interface that created a client. */
export const CLIENT_SOURCES = ['api', 'dynamic', 'admin'] as const;
export type ClientSource = (typeof CLIENT_SOURCES)[number];

export const CLIENT_STATUSES = ['active', 'disabled'] as const;
export type ClientStatus = (typeof CLIENT_STATUSES)[number];

/** Why the registry itself disabled a client. */
export const DISABLED_REASONS = ['statement_expired'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** The owner of a client. */
export interface Owner {
  orgId: string;
  userId: string;
}

/** Where a client comes from. */
export interface Provenance {
  /** Null for a client that registered itself without credentials. */
  orgId: string | null;
  userId: string | null;
  source: ClientSource;
  /** The token that authorized the registration (RFC 7591 §3); its limits still apply. Null: none. */
  initialAccessTokenId: string | null;
}

/** A registered client, as every interface may read it. It contains no secret and no hash of one. */
export interface Client extends ClientMetadata, Provenance {
  /** The client_id. */
  id: string;
  /** The client_id again if the client has no name of its own. */
  name: string;
  status: ClientStatus;
  /** Null: it is active, or an administrator disabled it. */
  disabledReason: DisabledReason | null;
  /** The `exp` of its software statement, which ends its use. Null: without one, or registered before this was recorded. */
  softwareStatementExpiresAt: Date | null;
  /** Whether an operator has verified it. */
  verified: boolean;
  /** Counts the changes, from 1. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
  /** Null: it was not. A deleted client can be restored for a while, and no interface finds it meanwhile. */
  deletedAt: Date | null;
  /** When its use was last recorded, to the hour. Null: never. Recording it does not change the version. */
  lastUsedAt: Date | null;
  /** How many registrations were answered with it; more than one where software shares it. No change of the client. */
  registrationCount: number;
}

/** What the audit log compares and keeps of a client: everything but what merely counts or dates changes. */
export function auditedFields(client: Client): object {
  const { metadata, ...rest } = client;
  const { id, version, createdAt, updatedAt, deletedAt, lastUsedAt, registrationCount, ...fields } = rest;
  const { translations, ...otherMetadata } = metadata;
  return Object.assign(fields, otherMetadata, translations);
}

/** The fields that decide whether a client may be used. */
export type ClientStanding = Pick<Client, 'status' | 'disabledReason' | 'softwareStatementExpiresAt'>;

/** Whether the software statement of a client has expired. It ends the use at once, also before the client is disabled. */
export const isStatementOver = (
  { softwareStatementExpiresAt: end }: Pick<Client, 'softwareStatementExpiresAt'>,
  now: Date,
): boolean => end !== null && end <= now;

/** Whether nothing but its expired software statement keeps a client from being used. A new statement renews it. */
export const isLapsed = (client: ClientStanding, now: Date): boolean =>
  client.status === 'active' ? isStatementOver(client, now) : client.disabledReason !== null;

/** Whether a client may be used: it is active, and its software statement has not expired. */
export const isUsable = (client: ClientStanding, now: Date): boolean =>
  client.status === 'active' && !isStatementOver(client, now);

/** What readers are told: a client whose statement has expired is disabled, also before the job has stored it. */
export const standingOf = (client: ClientStanding, now: Date): Pick<Client, 'status' | 'disabledReason'> =>
  client.status === 'active' && isStatementOver(client, now)
    ? { status: 'disabled', disabledReason: 'statement_expired' }
    : { status: client.status, disabledReason: client.disabledReason };

/** Whether someone answers for a client: an organization that it belongs to, or an administrator who verified it. */
export const isTrusted = ({ orgId, verified }: Pick<Client, 'orgId' | 'verified'>): boolean =>
  orgId !== null || verified;

/**
 * The registered grant types that a client may use, at any authorization server. No user consents to client_credentials: a public client
 * cannot prove its identity for it (RFC 6749 §4.4), and no one answers for an anonymous one.
 */
export const usableGrantTypes = (client: Client): GrantType[] => {
  const isProven = client.type === 'confidential' && isTrusted(client);
  return client.grantTypes.filter((grantType) => grantType !== 'client_credentials' || isProven);
};

/** Whether it registered anonymously, has no recorded use, and no administrator verified or disabled it. */
export const isUnused = ({
  source,
  orgId,
  status,
  disabledReason,
  verified,
  lastUsedAt,
}: Client): boolean => {
  const isDisabledByAdmin = status === 'disabled' && disabledReason === null;
  return source === 'dynamic' && orgId === null && !isDisabledByAdmin && !verified && lastUsedAt === null;
};

/** What people call the client; null if it has no name of its own. */
export const ownNameOf = ({ id, name }: Client): string | null => (name === id ? null : name);

/** A secret in plaintext. It exists in the reply that issues it and nowhere else. */
export interface IssuedSecret {
  value: string;
  /** Null: never. */
  expiresAt: Date | null;
}

/** What a registration gives to the software that made it (RFC 7592 §3). */
export interface IssuedRegistration extends IssuedClient {
  /** The new registration access token; null for a shared client, which no caller manages. */
  registrationToken: string | null;
}

/** A client that was just created. */
export interface IssuedClient {
  client: Client;
  /** Null for a public client. */
  secret: IssuedSecret | null;
}
