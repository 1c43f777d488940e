import type { ClientMetadata } from '../../policy/client.js';

/** The interface that created a client. */
export const CLIENT_SOURCES = ['api', 'dynamic', 'admin'] as const;
export type ClientSource = (typeof CLIENT_SOURCES)[number];

export const CLIENT_STATUSES = ['active', 'disabled'] as const;
export type ClientStatus = (typeof CLIENT_STATUSES)[number];

/** Whom a client belongs to. */
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
  /** By which it was registered (RFC 7591 §3), and whose limits go on holding; null: without one. */
  initialAccessTokenId: string | null;
}

/** A registered client, as every interface may read it. It contains no secret and no hash of one. */
export interface Client extends ClientMetadata, Provenance {
  /** The client_id. */
  id: string;
  /** The client_id again where the client has no name of its own. */
  name: string;
  status: ClientStatus;
  /** Whether an operator has vouched for it. */
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

/** What the audit trail compares and keeps of a client: everything but what merely counts or dates changes. */
export function auditedFields(client: Client): object {
  const { metadata, ...rest } = client;
  const { id, version, createdAt, updatedAt, deletedAt, lastUsedAt, registrationCount, ...fields } = rest;
  const { translations, ...otherMetadata } = metadata;
  return Object.assign(fields, otherMetadata, translations);
}

/** Whether it registered anonymously, has no recorded use, and was neither verified nor disabled. */
export const isUnused = ({ source, orgId, status, verified, lastUsedAt }: Client): boolean =>
  source === 'dynamic' && orgId === null && status === 'active' && !verified && lastUsedAt === null;

/** What people call the client; null where it has no name of its own. */
export const ownNameOf = ({ id, name }: Client): string | null => (name === id ? null : name);

/** A secret in clear. It exists in the reply that issues it and nowhere else. */
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
