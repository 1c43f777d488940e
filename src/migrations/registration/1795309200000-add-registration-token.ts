import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';

/** RFC 7592: software manages its own registration with a token. */
export class AddRegistrationToken1795309200000 implements MigrationInterface {
  name = 'AddRegistrationToken1795309200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.addColumn(
      'oauth_clients',
      new TableColumn({ name: 'registration_token_hash', type: 'varchar', length: '255', isNullable: true }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropColumn('oauth_clients', 'registration_token_hash');
  }
}
