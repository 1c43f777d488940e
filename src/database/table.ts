import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** The values of a row, in the order of the columns. */
export type Row = unknown[];

/**
 * The table of an entity, for statements that run for every request. TypeORM builds each statement anew, and finds its way
 * through each row that comes back: ten times the work of the database itself (ADR 8). This knows the way beforehand.
 */
export class Table<E extends ObjectLiteral> {
  readonly name: string;
  /** Every column. */
  readonly columns: readonly string[];
  /** Those that are read, in the order in which {@link toEntity} takes them: all but what the entity hides. */
  readonly readColumns: readonly string[];
  private readonly written: readonly ColumnMetadata[];
  private readonly read: readonly ColumnMetadata[];

  constructor(
    private readonly dataSource: DataSource,
    entity: EntityTarget<E>,
  ) {
    const metadata = dataSource.getMetadata(entity);
    const nameOf = ({ databaseName }: ColumnMetadata) => dataSource.driver.escape(databaseName);
    this.name = dataSource.driver.escape(metadata.tableName);
    this.written = metadata.columns;
    this.read = metadata.columns.filter(({ isSelect }) => isSelect);
    this.columns = this.written.map(nameOf);
    this.readColumns = this.read.map(nameOf);
  }

  /** What is stored of an entity. What it does not have is null. */
  toRow(entity: Partial<E>): Row {
    const { driver } = this.dataSource;
    return this.written.map(
      (column) => (driver.preparePersistentValue(entity[column.propertyName], column) as unknown) ?? null,
    );
  }

  /** The same, by the names of the columns. */
  toRecord(entity: Partial<E>): Record<string, unknown> {
    const row = this.toRow(entity);
    return Object.fromEntries(this.written.map(({ databaseName }, i) => [databaseName, row[i]]));
  }

  /** @param row the values of {@link readColumns} */
  toEntity(row: Row): E {
    const { driver } = this.dataSource;
    const entity: Record<string, unknown> = {};
    this.read.forEach((column, i) => {
      entity[column.propertyName] = driver.prepareHydratedValue(row[i], column);
    });
    return entity as E;
  }
}
