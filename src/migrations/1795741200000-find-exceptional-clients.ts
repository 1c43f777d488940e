import type { MigrationInterface, QueryRunner } from 'typeorm';

const WHERE = {
  oauth_clients_verified: '"verified" AND "deleted_at" IS NULL',
  oauth_clients_disabled: `"status" = 'disabled' AND "deleted_at" IS NULL`,
};

/** Finds the clients that operators have vouched for or disabled, usually few, without a look at all others. */
export class FindExceptionalClients1795741200000 implements MigrationInterface {
  name = 'FindExceptionalClients1795741200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [name, where] of Object.entries(WHERE)) {
      await queryRunner.query(`CREATE INDEX ${name} ON oauth_clients ("created_at", "id") WHERE ${where}`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of Object.keys(WHERE)) await queryRunner.query(`DROP INDEX ${name}`);
  }
}
