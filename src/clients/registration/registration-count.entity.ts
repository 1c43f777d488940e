import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How often an attempt to register came to an end on a day. */
@Entity('registration_counts')
export class RegistrationCountEntity {
  /** Of UTC, as YYYY-MM-DD. */
  @PrimaryColumn({ type: 'varchar', length: 10, primaryKeyConstraintName: 'registration_counts_pkey' })
  day!: string;

  /** See RegistrationResult. */
  @PrimaryColumn({ type: 'varchar', length: 64, primaryKeyConstraintName: 'registration_counts_pkey' })
  result!: string;

  @Column({ type: 'integer' })
  count!: number;
}
