import { Column, Entity, PrimaryColumn } from 'typeorm';

const key = { primaryKeyConstraintName: 'oauth_client_counts_pkey' };

/** Length of a counting period of creation times; the triggers have the same number. */
export const COUNT_PERIOD_MS = 30 * 86_400_000;

/** All clients are counted as those of an organization that is called so; none is. */
export const ALL_ORGS = '';

/** The number of clients of an organization that were created in a period and not deleted. Triggers count, so no write can omit it. */
@Entity('oauth_client_counts')
export class ClientCountEntity {
  @PrimaryColumn({ name: 'org_id', type: 'varchar', length: 255, ...key })
  orgId!: string;

  /** Number of the period of {@link COUNT_PERIOD_MS}, since 1970. */
  @PrimaryColumn({ type: 'integer', ...key })
  period!: number;

  /** Slot of the connection that counted, so that concurrent writers do not wait for each other. */
  @PrimaryColumn({ type: 'integer', ...key })
  slot!: number;

  /** Less than none, where clients were counted in one slot and deleted in another: what counts is the sum of the slots. */
  @Column({ type: 'integer' })
  living!: number;
}
