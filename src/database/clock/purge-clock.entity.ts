import { Column, type ColumnOptions, Entity, PrimaryColumn } from 'typeorm';

/** Milliseconds since 1970. PostgreSQL's driver returns 64-bit integers as strings. */
const milliseconds: ColumnOptions = { type: 'bigint', transformer: { to: (ms: number) => ms, from: Number } };

/** The one row. */
export const PURGE_CLOCK_ID = 1;

/** The time by which rows are removed permanently; it does not follow a clock that is suddenly far ahead (ADR 22). */
@Entity('purge_clock')
export class PurgeClockEntity {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'purge_clock_pkey' })
  id!: number;

  /** A purge removes rows that were due at this time. */
  @Column({ name: 'purge_time', ...milliseconds })
  purgeTime!: number;

  /** What the clock showed when that was last set. */
  @Column({ name: 'read_at', ...milliseconds })
  readAt!: number;
}
