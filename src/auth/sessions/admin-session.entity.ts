import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { timestamp } from '../../database/sql/column-types.js';
import { ApiKeyEntity } from '../api-keys/api-key.entity.js';

/** A browser in which an operator signed in, or a user at the consent page. Signing out removes the row: what is not here has ended. */
@Entity('admin_sessions')
@Index('admin_sessions_api_key_id', ['apiKeyId'])
@Index('admin_sessions_expires_at', ['expiresAt'])
export class AdminSessionEntity {
  /** The hash of the cookie, its algorithm named in front: `sha256:…`. */
  @PrimaryColumn({ type: 'varchar', length: 255, primaryKeyConstraintName: 'admin_sessions_pkey' })
  hash!: string;

  /** The key that the session acts as, and ends with. */
  @Column({ name: 'api_key_id', type: 'varchar', length: 36 })
  apiKeyId!: string;

  @ManyToOne(() => ApiKeyEntity, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'api_key_id', foreignKeyConstraintName: 'admin_sessions_api_key_id_fkey' })
  apiKey?: ApiKeyEntity;

  @Column({ name: 'created_at', ...timestamp })
  createdAt!: Date;

  @Column({ name: 'expires_at', ...timestamp })
  expiresAt!: Date;
}
