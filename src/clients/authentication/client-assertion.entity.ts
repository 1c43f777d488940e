import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { timestamp } from '../../database/sql/column-types.js';

/** Client assertions that were used, until they expire: each counts once (RFC 7523 §3). */
@Entity('client_assertions')
@Index('client_assertions_expires_at', ['expiresAt'])
export class ClientAssertionEntity {
  /** Hash of the client and its `jti`. */
  @PrimaryColumn({ type: 'varchar', length: 71, primaryKeyConstraintName: 'client_assertions_pkey' })
  hash!: string;

  /** The authentication that used it. */
  @Column({ name: 'used_by', type: 'varchar', length: 36 })
  usedBy!: string;

  @Column({ name: 'expires_at', ...timestamp })
  expiresAt!: Date;
}
