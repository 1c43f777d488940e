import { Checkbox, Table, UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Column<Row> {
  key: string;
  label: string;
  /** Whether the rows can be sorted by it. */
  isSortable?: boolean;
  /** Text of any length, such as a name: it wraps, and its column keeps a readable width. */
  isText?: boolean;
  show: (row: Row) => ReactNode;
}

export interface Sorting {
  key: string;
  isAscending: boolean;
  onSort: (key: string) => void;
}

export interface Selection {
  keys: ReadonlySet<string>;
  onChange: (keys: ReadonlySet<string>) => void;
  /** The accessible name of a row. */
  labelOf: (key: string) => string;
}

interface DataTableProps<Row> {
  /** The accessible name of the table. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  sorting?: Sorting;
  selection?: Selection;
  /** Whether newer rows are loading. */
  isStale?: boolean;
}

/** A table that scrolls within the page in a narrow window, also by keyboard. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, keyOf, sorting, selection, isStale } = props;
  const keys = rows.map(keyOf);
  const chosen = keys.filter((key) => selection?.keys.has(key));
  const choose = (key: string, isChosen: boolean) => {
    const next = new Set(selection!.keys);
    if (isChosen) next.add(key);
    else next.delete(key);
    selection!.onChange(next);
  };
  return (
    <div className="table-scroll" role="region" aria-label={caption} tabIndex={0} aria-busy={isStale}>
      <Table highlightOnHover verticalSpacing="xs" stickyHeader={false}>
        <caption className="visually-hidden">{caption}</caption>
        <Table.Thead>
          <Table.Tr>
            {selection && (
              <Table.Th>
                <Checkbox
                  aria-label="Select all of this page"
                  checked={keys.length > 0 && chosen.length === keys.length}
                  indeterminate={chosen.length > 0 && chosen.length < keys.length}
                  onChange={(event) => selection.onChange(new Set(event.currentTarget.checked ? keys : []))}
                />
              </Table.Th>
            )}
            {columns.map((column) => (
              <Header key={column.key} column={column} sorting={sorting} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)}>
              {selection && (
                <Table.Td>
                  <Checkbox
                    aria-label={`Select ${selection.labelOf(keyOf(row))}`}
                    checked={selection.keys.has(keyOf(row))}
                    onChange={(event) => choose(keyOf(row), event.currentTarget.checked)}
                  />
                </Table.Td>
              )}
              {columns.map(({ key, isText, show }) => (
                <Table.Td key={key} className={isText ? 'text-cell' : undefined}>
                  {show(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Header<Row>({ column, sorting }: { column: Column<Row>; sorting?: Sorting }) {
  const { key, label, isSortable } = column;
  if (!sorting || !isSortable) return <Table.Th scope="col">{label}</Table.Th>;
  const isHere = sorting.key === key;
  return (
    <Table.Th scope="col" aria-sort={isHere ? (sorting.isAscending ? 'ascending' : 'descending') : 'none'}>
      <UnstyledButton fz="sm" fw={700} onClick={() => sorting.onSort(key)}>
        {label} <span aria-hidden>{isHere ? (sorting.isAscending ? '▲' : '▼') : '↕'}</span>
      </UnstyledButton>
    </Table.Th>
  );
}
