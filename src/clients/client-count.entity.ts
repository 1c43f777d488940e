import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * How many living clients an organization has. The database itself counts, by triggers: to count a million rows for each page
 * of a list takes longer than everything else, and whoever writes by whichever way cannot forget it.
 */
@Entity('oauth_client_counts')
export class ClientCountEntity {
  @PrimaryColumn({
    name: 'org_id',
    type: 'varchar',
    length: 255,
    primaryKeyConstraintName: 'oauth_client_counts_pkey',
  })
  orgId!: string;

  @Column({ type: 'integer' })
  living!: number;
}
