import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { timestamp, tokenList } from '../../database/sql/column-types.js';
import type { InitialAccessToken } from './initial-access-token.js';
import type { GrantType } from '../../policy/grants/grant-types.js';

@Entity('initial_access_tokens')
@Index('initial_access_tokens_hash', ['hash'], { unique: true })
export class InitialAccessTokenEntity implements InitialAccessToken {
  @PrimaryColumn({ type: 'varchar', length: 36, primaryKeyConstraintName: 'initial_access_tokens_pkey' })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** The hash, its algorithm named in front: `sha256:…`. Never read with the rest, so it cannot leak with it. */
  @Column({ type: 'varchar', length: 255, select: false })
  hash?: string;

  @Column({ type: 'varchar', length: 4 })
  hint!: string;

  @Column({ name: 'org_id', type: 'varchar', length: 255 })
  orgId!: string;

  @Column({ name: 'user_id', type: 'varchar', length: 255 })
  userId!: string;

  @Column({ ...tokenList, nullable: true })
  scopes!: string[] | null;

  @Column({ name: 'grant_types', ...tokenList, nullable: true })
  grantTypes!: GrantType[] | null;

  @Column({ name: 'redirect_hosts', ...tokenList, nullable: true })
  redirectHosts!: string[] | null;

  @Column({ name: 'max_registrations', type: 'integer' })
  maxRegistrations!: number;

  @Column({ type: 'integer' })
  registrations!: number;

  @Column({ name: 'created_at', ...timestamp })
  createdAt!: Date;

  @Column({ name: 'last_used_at', ...timestamp, nullable: true })
  lastUsedAt!: Date | null;

  @Column({ name: 'expires_at', ...timestamp })
  expiresAt!: Date;

  @Column({ name: 'revoked_at', ...timestamp, nullable: true })
  revokedAt!: Date | null;
}
