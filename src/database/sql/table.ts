import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { type Driver, driverOf, type Row } from '../connection/driver.js';

/** A column, and how its values get into the database and out of it again. */
interface Codec {
  property: string;
  column: string;
  write: (value: unknown) => unknown;
  read: (value: unknown) => unknown;
}

/**
 * The table of an entity, for statements that run for every request. TypeORM builds each statement again, and finds its way
 * through each row that comes back (ADR 8). This knows the way beforehand.
 */
export class Table<E extends ObjectLiteral> {
  readonly name: string;
  /** Those that are inserted: every column but those that the entity leaves to the database. */
  readonly columns: readonly string[];
  /** Those that are read, in the order in which {@link toEntity} takes them: all but what the entity hides. */
  readonly readColumns: readonly string[];
  /** SQL for the bytes of the texts that are read of a row, for {@link readFitting}. */
  readonly readBytes: string;
  private readonly written: readonly Codec[];
  private readonly read: readonly Codec[];

  constructor(dataSource: DataSource, entity: EntityTarget<E>) {
    const metadata = dataSource.getMetadata(entity);
    const { engine } = driverOf(dataSource);
    const nameOf = ({ column }: Codec) => dataSource.driver.escape(column);
    const codecOf = (column: ColumnMetadata) => toCodec(column, engine);
    this.name = dataSource.driver.escape(metadata.tableName);
    this.written = metadata.columns.filter(({ isInsert }) => isInsert).map(codecOf);
    this.read = metadata.columns.filter(({ isSelect }) => isSelect).map(codecOf);
    this.columns = this.written.map(nameOf);
    this.readColumns = this.read.map(nameOf);
    const texts = metadata.columns.filter(
      ({ isSelect, type }) => isSelect && (type === 'text' || type === 'varchar'),
    );
    this.readBytes = texts
      .map(({ databaseName }) => `COALESCE(octet_length(${dataSource.driver.escape(databaseName)}), 0)`)
      .join(' + ');
  }

  /** What is stored of an entity. What it does not have is null. */
  toRow(entity: Partial<E>): Row {
    return this.written.map(({ property, write }) => write(entity[property]) ?? null);
  }

  /** The same, by the names of the columns; what is null is not even in its JSON. */
  toRecord(entity: Partial<E>): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    for (const { column, property, write } of this.written) {
      const value = write(entity[property]) ?? null;
      if (value !== null) record[column] = value;
    }
    return record;
  }

  /** @param row the values of {@link readColumns} */
  toEntity(row: Row): E {
    const entity: Record<string, unknown> = {};
    this.read.forEach(({ property, read }, i) => {
      entity[property] = read(row[i]);
    });
    return entity as E;
  }
}

const asItIs = (value: unknown) => value;

/**
 * What TypeORM's drivers find out again for each value.
 * @throws Error for a type that a driver changes in a way that is not known here
 */
function toCodec(metadata: ColumnMetadata, engine: Driver['engine']): Codec {
  const { type, transformer, propertyName: property, databaseName: column } = metadata;
  const name = { property, column };
  // SQLite knows none
  if (type === 'boolean' && engine === 'sqlite') {
    const write = (value: unknown) => (typeof value === 'boolean' ? Number(value) : value);
    return { ...name, write, read: (value) => (value === null ? null : value === 1) };
  }
  const isPlain = ['varchar', 'text', 'integer', 'bigint', 'boolean'].includes(type as string);
  if (!isPlain || Array.isArray(transformer)) throw new Error(`${column}: no way to store ${String(type)}`);
  return {
    ...name,
    write: transformer?.to.bind(transformer) ?? asItIs,
    read: transformer?.from.bind(transformer) ?? asItIs,
  };
}
