import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';

/** A grant knows the hosts to which its user was sent: a new one is asked for again. */
export class RememberRedirectHosts1796820120000 implements MigrationInterface {
  name = 'RememberRedirectHosts1796820120000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const column = new TableColumn({ name: 'redirect_hosts', type: 'text', isNullable: true });
    await queryRunner.addColumn('oauth_grants', column);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropColumn('oauth_grants', 'redirect_hosts');
  }
}
