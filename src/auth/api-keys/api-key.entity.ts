import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { timestamp } from '../../database/sql/column-types.js';
import type { Role } from '../principal/principal.js';

@Entity('api_keys')
@Index('api_keys_hash', ['hash'], { unique: true })
export class ApiKeyEntity {
  @PrimaryColumn({ type: 'varchar', length: 36, primaryKeyConstraintName: 'api_keys_pkey' })
  id!: string;

  /** What the key is for, in the words of its creator. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** The hash, its algorithm named in front: `sha256:…`. */
  @Column({ type: 'varchar', length: 255 })
  hash!: string;

  /** The last four characters of the key. */
  @Column({ type: 'varchar', length: 4 })
  hint!: string;

  @Column({ name: 'org_id', type: 'varchar', length: 255 })
  orgId!: string;

  @Column({ name: 'user_id', type: 'varchar', length: 255 })
  userId!: string;

  @Column({ type: 'varchar', length: 16 })
  role!: Role;

  @Column({ name: 'created_at', ...timestamp })
  createdAt!: Date;

  /** Exact to a minute. */
  @Column({ name: 'last_used_at', ...timestamp, nullable: true })
  lastUsedAt!: Date | null;

  /** Null: never. */
  @Column({ name: 'expires_at', ...timestamp, nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'revoked_at', ...timestamp, nullable: true })
  revokedAt!: Date | null;
}
