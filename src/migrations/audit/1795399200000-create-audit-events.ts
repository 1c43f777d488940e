import { type MigrationInterface, type QueryRunner, Table, type TableColumnOptions } from 'typeorm';

const text = (name: string, length: string, isNullable = false): TableColumnOptions => ({
  name,
  type: 'varchar',
  length,
  isNullable,
});

/** Creates the audit log: actor, action and target (client, secret, key or token). */
export class CreateAuditEvents1795399200000 implements MigrationInterface {
  name = 'CreateAuditEvents1795399200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'audit_events',
        columns: [
          { ...text('id', '36'), isPrimary: true, primaryKeyConstraintName: 'audit_events_pkey' },
          text('actor_type', '32'),
          text('actor_id', '255', true),
          text('door', '16'),
          text('action', '64'),
          text('client_id', '36', true),
          text('target_id', '36'),
          text('address', '64', true),
          text('request_id', '64', true),
          { name: 'changes', type: 'text' },
        ],
        indices: [
          { name: 'audit_events_client_id', columnNames: ['client_id', 'id'] },
          { name: 'audit_events_actor_id', columnNames: ['actor_id', 'id'] },
          { name: 'audit_events_action', columnNames: ['action', 'id'] },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('audit_events');
  }
}
