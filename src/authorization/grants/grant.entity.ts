import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ClientEntity } from '../../clients/client/client.entity.js';
import { document, timestamp, tokenList } from '../../database/sql/column-types.js';
import type { Grant, GrantedScopes } from './grant.js';

/** Lists omit revoked grants, of which a user can have any number. */
const ACTIVE = { where: '"revoked_at" IS NULL' };

/** What users allowed clients to do for them. */
@Entity('oauth_grants')
@Index('oauth_grants_owner', ['userId', 'orgId', 'id'], ACTIVE)
@Index('oauth_grants_active_client_id', ['clientId', 'id'], ACTIVE)
@Index('oauth_grants_org_id', ['orgId', 'id'], ACTIVE)
// Revoked grants, too, go with their client
@Index('oauth_grants_client_id', ['clientId', 'id'])
@Index('oauth_grants_active', ['clientId', 'userId', 'orgId'], { unique: true, ...ACTIVE })
@Index('oauth_grants_revoked_at', ['revokedAt'], { where: '"revoked_at" IS NOT NULL' })
export class GrantEntity implements Grant {
  @PrimaryColumn({ type: 'varchar', length: 36, primaryKeyConstraintName: 'oauth_grants_pkey' })
  id!: string;

  @Column({ name: 'client_id', type: 'varchar', length: 36 })
  clientId!: string;

  @ManyToOne(() => ClientEntity, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'client_id', foreignKeyConstraintName: 'oauth_grants_client_id_fkey' })
  client?: ClientEntity;

  @Column({ name: 'user_id', type: 'varchar', length: 255 })
  userId!: string;

  @Column({ name: 'org_id', type: 'varchar', length: 255 })
  orgId!: string;

  @Column({ ...document })
  scopes!: GrantedScopes;

  @Column({ name: 'redirect_hosts', ...tokenList, nullable: true })
  redirectHosts!: string[] | null;

  @Column({ name: 'created_at', ...timestamp })
  createdAt!: Date;

  @Column({ name: 'last_used_at', ...timestamp, nullable: true })
  lastUsedAt!: Date | null;

  @Column({ name: 'revoked_at', ...timestamp, nullable: true })
  revokedAt!: Date | null;
}
