import { Column, DeleteDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { document, timestamp, tokenList } from '../../database/sql/column-types.js';
import type { Client, ClientSource, ClientStatus, DisabledReason } from './client.js';
import type { ClientType, ExtendedMetadata, TokenEndpointAuthMethod } from '../../policy/client.js';
import type { GrantType } from '../../policy/grants/grant-types.js';

/**
 * A client that registered anonymously, has no recorded use, and was neither verified nor disabled by an administrator.
 * These are the words of an index; `NOT (… IS NOT NULL)` keeps SQLite from searching by the organization.
 */
export const UNUSED = `"source" = 'dynamic' AND NOT ("org_id" IS NOT NULL) AND ("status" = 'active' OR "disabled_reason" IS NOT NULL) AND NOT "verified" AND "last_used_at" IS NULL AND "deleted_at" IS NULL`;

/** When a client was last registered: at first, or again. These are the words of an index, too. */
export const LAST_REGISTERED = 'COALESCE("last_registered_at", "created_at")';

/** Clients that the expiry of their software statement will disable. These are the words of an index, too. */
export const BOUND_BY_STATEMENT = `"statement_expires_at" IS NOT NULL AND "status" = 'active' AND "deleted_at" IS NULL`;

/** `deletedAt` of a removed client until its last events are: nothing finds or restores it. All other clients were deleted later. */
export const REMOVED_AT = new Date(0);

/** Lists omit deleted clients. SQLite skips those of earlier pages in the index alone if it has this column, too. */
const LIVING = { where: '"deleted_at" IS NULL' };

@Entity('oauth_clients')
@Index('oauth_clients_org_id', ['orgId', 'createdAt', 'id', 'deletedAt'], {
  where: `"org_id" IS NOT NULL AND ${LIVING.where}`,
})
@Index('oauth_clients_created_at', ['createdAt', 'id'], LIVING)
@Index('oauth_clients_updated_at', ['updatedAt', 'id'], LIVING)
@Index('oauth_clients_name', ['name', 'id'], LIVING)
// Uses an expression, which TypeORM does not support: created by the migration alone
@Index('oauth_clients_last_used_at', { synchronize: false })
// For parts of names, on PostgreSQL if the extension is installed: created by the migration alone
@Index('oauth_clients_name_c_trgm', { synchronize: false })
@Index('oauth_clients_deleted', ['orgId', 'createdAt', 'id'], {
  where: '"org_id" IS NOT NULL AND "deleted_at" IS NOT NULL',
})
@Index('oauth_clients_deleted_at', ['deletedAt'], { where: '"deleted_at" IS NOT NULL' })
// By LAST_REGISTERED: created by the migration alone
@Index('oauth_clients_unused', { synchronize: false })
@Index('oauth_clients_verified', ['createdAt', 'id'], { where: '"verified" AND "deleted_at" IS NULL' })
@Index('oauth_clients_disabled', ['createdAt', 'id'], {
  where: `"status" = 'disabled' AND "deleted_at" IS NULL`,
})
@Index('oauth_clients_statement_expires_at', ['softwareStatementExpiresAt'], { where: BOUND_BY_STATEMENT })
@Index('oauth_clients_metadata_hash', ['metadataHash'], {
  unique: true,
  where: '"metadata_hash" IS NOT NULL',
})
export class ClientEntity implements Client {
  /** UUIDv7: sorts by time of creation. */
  @PrimaryColumn({ type: 'varchar', length: 36, primaryKeyConstraintName: 'oauth_clients_pkey' })
  id!: string;

  /** The id if the client has no name of its own. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  @Column({ name: 'org_id', type: 'varchar', length: 255, nullable: true })
  orgId!: string | null;

  @Column({ name: 'user_id', type: 'varchar', length: 255, nullable: true })
  userId!: string | null;

  @Column({ name: 'client_type', type: 'varchar', length: 16 })
  type!: ClientType;

  @Column({ name: 'token_endpoint_auth_method', type: 'varchar', length: 64 })
  tokenEndpointAuthMethod!: TokenEndpointAuthMethod;

  @Column({ name: 'grant_types', ...tokenList })
  grantTypes!: GrantType[];

  @Column({ name: 'scopes', ...tokenList })
  scopes!: string[];

  @Column({ name: 'redirect_uris', ...document })
  redirectUris!: string[];

  @Column({ name: 'require_pkce', type: 'boolean' })
  requirePkce!: boolean;

  @Column({ name: 'logo_uri', type: 'varchar', length: 2048, nullable: true })
  logoUri!: string | null;

  @Column({ name: 'policy_uri', type: 'varchar', length: 2048, nullable: true })
  policyUri!: string | null;

  @Column({ name: 'tos_uri', type: 'varchar', length: 2048, nullable: true })
  tosUri!: string | null;

  @Column({ name: 'metadata', ...document })
  metadata!: ExtendedMetadata;

  @Column({ type: 'varchar', length: 16 })
  source!: ClientSource;

  @Column({ name: 'initial_access_token_id', type: 'varchar', length: 36, nullable: true })
  initialAccessTokenId!: string | null;

  /** Its limits outlive it, so its row does. */
  @ManyToOne('InitialAccessTokenEntity', { nullable: true, onDelete: 'RESTRICT' })
  @JoinColumn({
    name: 'initial_access_token_id',
    foreignKeyConstraintName: 'oauth_clients_initial_access_token_id_fkey',
  })
  initialAccessToken?: { id: string } | null;

  @Column({ type: 'varchar', length: 16 })
  status!: ClientStatus;

  @Column({ name: 'disabled_reason', type: 'varchar', length: 32, nullable: true })
  disabledReason!: DisabledReason | null;

  @Column({ name: 'statement_expires_at', ...timestamp, nullable: true })
  softwareStatementExpiresAt!: Date | null;

  @Column({ type: 'boolean' })
  verified!: boolean;

  @Column({ type: 'integer' })
  version!: number;

  /** Hash of the registration access token (RFC 7592). Never read with the other columns, so it cannot leak with them. */
  @Column({ name: 'registration_token_hash', type: 'varchar', length: 255, nullable: true, select: false })
  registrationTokenHash?: string | null;

  /** Hash of a replacement token that is not used yet. Until its first use, the previous token is valid, too. */
  @Column({
    name: 'next_registration_token_hash',
    type: 'varchar',
    length: 255,
    nullable: true,
    select: false,
  })
  nextRegistrationTokenHash?: string | null;

  @Column({ name: 'created_at', ...timestamp })
  createdAt!: Date;

  @Column({ name: 'updated_at', ...timestamp })
  updatedAt!: Date;

  /** By default TypeORM omits rows in which it is set. */
  @DeleteDateColumn({ name: 'deleted_at', ...timestamp, nullable: true })
  deletedAt!: Date | null;

  @Column({ name: 'last_used_at', ...timestamp, nullable: true })
  lastUsedAt!: Date | null;

  @Column({ name: 'registration_count', type: 'integer', default: 1 })
  registrationCount!: number;

  /** Null if that was once, when it was created. */
  @Column({ name: 'last_registered_at', ...timestamp, nullable: true, select: false })
  lastRegisteredAt?: Date | null;

  /** Hash of the granted metadata, if registrations with the same metadata share this client; null: it is not shared. */
  @Column({ name: 'metadata_hash', type: 'varchar', length: 64, nullable: true, select: false })
  metadataHash?: string | null;
}
