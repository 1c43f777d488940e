import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How often something came to an end in one way on a day. */
export interface DailyCount {
  /** The UTC day, as YYYY-MM-DD. */
  day: string;
  /** One of a handful. */
  result: string;
  count: number;
}

/** The table of such counts of one thing. */
function dailyCountEntity(table: string) {
  const key = { primaryKeyConstraintName: `${table}_pkey` };

  @Entity(table)
  class DailyCountEntity implements DailyCount {
    @PrimaryColumn({ type: 'varchar', length: 10, ...key })
    day!: string;

    @PrimaryColumn({ type: 'varchar', length: 64, ...key })
    result!: string;

    @Column({ type: 'integer' })
    count!: number;
  }
  return DailyCountEntity;
}

/** Attempts to register. */
export const RegistrationCountEntity = dailyCountEntity('registration_counts');

/** Tokens that were issued, by grant type. */
export const TokenCountEntity = dailyCountEntity('oauth_token_counts');

/** Attempts of clients to authenticate. */
export const ClientAuthenticationCountEntity = dailyCountEntity('client_authentication_counts');
