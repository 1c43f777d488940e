import type { MigrationInterface, QueryRunner } from 'typeorm';

const EVENTS = 'audit_events';
const TRIGGER = 'audit_events_channel';
const COLUMNS = 'id, actor_type, actor_id, action, client_id, target_id, address, request_id, changes';
const NEW = COLUMNS.replaceAll(/\w+/g, 'NEW.$&');
/** What releases up to 0.1.0 call the registry itself. */
const CHANNEL = `CASE NEW.door WHEN 'system' THEN 'job' ELSE NEW.door END`;

/**
 * Renames the column, which changes metadata only: no row is rewritten, and all rows of before have a channel at once. An empty column with the
 * former name remains, or releases up to 0.1.0 could write no event, and so change nothing, until they are replaced.
 */
export class RenameDoorToChannel1796263200000 implements MigrationInterface {
  name = 'RenameDoorToChannel1796263200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const isPostgres = queryRunner.dataSource.options.type === 'postgres';
    // Not renameColumn: TypeORM renames a column of SQLite by copying the table
    await queryRunner.query(`ALTER TABLE ${EVENTS} RENAME COLUMN door TO channel`);
    await queryRunner.query(`ALTER TABLE ${EVENTS} ADD COLUMN door varchar(16)`);
    for (const statement of isPostgres ? POSTGRES : SQLITE) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const isPostgres = queryRunner.dataSource.options.type === 'postgres';
    await queryRunner.query(`DROP TRIGGER ${TRIGGER}${isPostgres ? ` ON ${EVENTS}` : ''}`);
    if (isPostgres) await queryRunner.query(`DROP FUNCTION ${TRIGGER}`);
    await queryRunner.query(`ALTER TABLE ${EVENTS} DROP COLUMN door`);
    await queryRunner.query(`ALTER TABLE ${EVENTS} RENAME COLUMN channel TO door`);
  }
}

const POSTGRES = [
  `CREATE FUNCTION ${TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     NEW.channel := ${CHANNEL};
     NEW.door := NULL;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER ${TRIGGER} BEFORE INSERT ON ${EVENTS} FOR EACH ROW WHEN (NEW.channel IS NULL) EXECUTE FUNCTION ${TRIGGER}()`,
];

/** A trigger of SQLite cannot change the row: it inserts another one instead. */
const SQLITE = [
  `CREATE TRIGGER ${TRIGGER} BEFORE INSERT ON ${EVENTS} WHEN NEW.channel IS NULL BEGIN
     INSERT INTO ${EVENTS} (${COLUMNS}, channel) VALUES (${NEW}, ${CHANNEL});
     SELECT RAISE(IGNORE);
   END`,
];
