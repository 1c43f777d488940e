import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { document, timestamp } from '../../database/sql/column-types.js';
import type { ResourceScope, TokenFormat } from '../../policy/resource.js';
import type { StoredResource } from './resource.js';

/** The APIs that access tokens are issued for. */
@Entity('oauth_resources')
@Index('oauth_resources_identifier', ['identifier'], { unique: true })
export class ResourceEntity implements StoredResource {
  @PrimaryColumn({ type: 'varchar', length: 36, primaryKeyConstraintName: 'oauth_resources_pkey' })
  id!: string;

  @Column({ type: 'varchar', length: 2048 })
  identifier!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  @Column({ ...document })
  scopes!: readonly ResourceScope[];

  @Column({ name: 'token_format', type: 'varchar', length: 16 })
  tokenFormat!: TokenFormat;

  @Column({ name: 'access_token_lifetime_seconds', type: 'integer' })
  accessTokenLifetimeSeconds!: number;

  @Column({ name: 'created_at', ...timestamp })
  createdAt!: Date;

  @Column({ name: 'updated_at', ...timestamp })
  updatedAt!: Date;
}
