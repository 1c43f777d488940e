import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** The values of a row, in the order of the columns. */
export type Row = unknown[];

/**
 * The table of an entity, for statements that run for every request. TypeORM builds each statement anew, and finds its way
 * through each row that comes back (ADR 8). This knows the way beforehand.
 */
export class Table<E extends ObjectLiteral> {
  readonly name: string;
  /** Every column. */
  readonly columns: readonly string[];
  /** Those that are read, in the order in which {@link toEntity} takes them: all but what the entity hides. */
  readonly readColumns: readonly string[];
  private readonly written: readonly ColumnMetadata[];
  private readonly read: readonly ColumnMetadata[];
  private readonly blankRecord: Record<string, unknown>;
  private readonly blankEntity: Record<string, unknown>;

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
    this.blankRecord = blank(this.written.map(({ databaseName }) => databaseName));
    this.blankEntity = blank(this.read.map(({ propertyName }) => propertyName));
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
    const record = { ...this.blankRecord };
    this.toRow(entity).forEach((value, i) => {
      record[this.written[i]!.databaseName] = value;
    });
    return record;
  }

  /** @param row the values of {@link readColumns} */
  toEntity(row: Row): E {
    const { driver } = this.dataSource;
    const entity = { ...this.blankEntity };
    this.read.forEach((column, i) => {
      entity[column.propertyName] = driver.prepareHydratedValue(row[i], column);
    });
    return entity as E;
  }
}

/**
 * An object with all of these members, to be copied and filled in. V8 gives up the fast form of an object that gets many members
 * by computed names, and everything that is done with it later takes ten times as long; what `JSON.parse` makes keeps it.
 */
function blank(names: readonly string[]): Record<string, unknown> {
  const members = names.map((name) => `${JSON.stringify(name)}:null`);
  return JSON.parse(`{${members.join()}}`) as Record<string, unknown>;
}
