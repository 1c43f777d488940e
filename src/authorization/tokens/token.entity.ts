import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { document, timestamp } from '../../database/sql/column-types.js';
import type { TokenKind } from './token.js';

/**
 * What the authorization server issued, by hash. No row refers to its client or grant by a foreign key: it counts as long as they do, and
 * is purged when it has expired.
 */
@Entity('oauth_tokens')
@Index('oauth_tokens_expires_at', ['expiresAt'])
export class TokenEntity {
  /** The hash, its algorithm named in front: `sha256:…`. */
  @PrimaryColumn({ type: 'varchar', length: 71, primaryKeyConstraintName: 'oauth_tokens_pkey' })
  hash!: string;

  @Column({ type: 'varchar', length: 16 })
  kind!: TokenKind;

  @Column({ name: 'client_id', type: 'varchar', length: 36 })
  clientId!: string;

  /** Null: of the client alone. */
  @Column({ name: 'grant_id', type: 'varchar', length: 36, nullable: true })
  grantId!: string | null;

  /** What the engine has to know of it: never the token itself. */
  @Column({ ...document })
  payload!: Record<string, unknown>;

  @Column({ name: 'created_at', ...timestamp })
  createdAt!: Date;

  @Column({ name: 'expires_at', ...timestamp })
  expiresAt!: Date;

  /** When it was used up: a code, or a refresh token that another one replaced. Null: it is good. */
  @Column({ name: 'consumed_at', ...timestamp, nullable: true })
  consumedAt!: Date | null;

  /**
   * The reply to its use, encrypted with the token itself, for callers who did not receive it. Of a consent request, the user who has signed in
   * for it, encrypted with the secret of the browser. Null: there is none.
   */
  @Column({ name: 'sealed_reply', type: 'text', nullable: true })
  sealedReply!: string | null;

  /** A hash of the user who has opened this consent request, and who alone decides it. Null: none has. */
  @Column({ name: 'seen_by', type: 'varchar', length: 71, nullable: true })
  seenBy!: string | null;
}
