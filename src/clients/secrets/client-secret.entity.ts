import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { timestamp } from '../../database/sql/column-types.js';
import { ClientEntity } from '../client/client.entity.js';

/** Credentials have a table of their own: no update of a client can touch them, and rotation can overlap. */
@Entity('oauth_client_secrets')
@Index('oauth_client_secrets_client_id', ['clientId', 'id'])
@Index('oauth_client_secrets_revoked_at', ['revokedAt'], { where: '"revoked_at" IS NOT NULL' })
// Secrets that do not expire, the default, are not in the index
@Index('oauth_client_secrets_expires_at', ['expiresAt'], {
  where: '"expires_at" IS NOT NULL AND "revoked_at" IS NULL',
})
export class ClientSecretEntity {
  @PrimaryColumn({ type: 'varchar', length: 36, primaryKeyConstraintName: 'oauth_client_secrets_pkey' })
  id!: string;

  @Column({ name: 'client_id', type: 'varchar', length: 36 })
  clientId!: string;

  @ManyToOne(() => ClientEntity, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'client_id', foreignKeyConstraintName: 'oauth_client_secrets_client_id_fkey' })
  client?: ClientEntity;

  /** The hash, its algorithm named in front: `sha256:…`. */
  @Column({ type: 'varchar', length: 255 })
  hash!: string;

  /** The last four characters of the secret. */
  @Column({ type: 'varchar', length: 4 })
  hint!: string;

  @Column({ name: 'created_at', ...timestamp })
  createdAt!: Date;

  /** Null: never. */
  @Column({ name: 'expires_at', ...timestamp, nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'last_used_at', ...timestamp, nullable: true })
  lastUsedAt!: Date | null;

  /** When it was last tried after it had ended, exact to an hour. */
  @Column({ name: 'last_rejected_at', ...timestamp, nullable: true })
  lastRejectedAt!: Date | null;

  @Column({ name: 'revoked_at', ...timestamp, nullable: true })
  revokedAt!: Date | null;
}
