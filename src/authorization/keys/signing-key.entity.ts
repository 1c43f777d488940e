import { Column, Entity, PrimaryColumn } from 'typeorm';
import { document, timestamp } from '../../database/sql/column-types.js';
import type { PublicJwk } from './signing-key.js';

/** Keys that sign access tokens. */
@Entity('signing_keys')
export class SigningKeyEntity {
  /** Counts the keys from 1: of several instances that make the next one, the primary key lets one. */
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'signing_keys_pkey' })
  number!: number;

  @Column({ type: 'varchar', length: 36 })
  kid!: string;

  @Column({ name: 'public_jwk', ...document })
  publicJwk!: PublicJwk;

  /** Encrypted with the key secret. */
  @Column({ name: 'private_key', type: 'text' })
  privateKey!: string;

  @Column({ name: 'created_at', ...timestamp })
  createdAt!: Date;

  /** From when on it signs: verifiers have fetched it by then. */
  @Column({ name: 'active_from', ...timestamp })
  activeFrom!: Date;
}
