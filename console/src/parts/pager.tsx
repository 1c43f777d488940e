import { Button, Group, NativeSelect, Text } from '@mantine/core';
import { FIRST_PAGE, PAGE_SIZES, type PageSearch, sizeOf } from './paging';

interface PagerProps {
  search: PageSearch;
  /** The page; undefined while it loads. */
  shown:
    | {
        nodes: readonly unknown[];
        pageInfo: {
          hasNextPage: boolean;
          hasPreviousPage: boolean;
          startCursor: string | null;
          endCursor: string | null;
        };
      }
    | undefined;
  /** The size of the list; undefined if it is not counted. */
  total?: number;
  /** Whether another page is loading. */
  isStale: boolean;
  onChange: (change: PageSearch) => void;
}

const inFigures = (count: number) => count.toLocaleString('en');

/** Pagination by cursor: the position in the list, and buttons for the other pages. */
export function Pager({ search, shown, total, isStale, onChange }: PagerProps) {
  const { page = 1 } = search;
  const size = sizeOf(search);
  const { hasNextPage = false, hasPreviousPage = false, startCursor, endCursor } = shown?.pageInfo ?? {};
  const isFirst = search.after === undefined && search.before === undefined;
  const first = (page - 1) * size + 1;
  const previous = () =>
    // The first page is always whole: rows may have come in front of it
    onChange(page <= 2 ? FIRST_PAGE : { page: page - 1, before: startCursor ?? undefined, after: undefined });
  return (
    <Group justify="space-between" align="flex-end">
      <NativeSelect
        size="xs"
        label="Rows per page"
        value={String(size)}
        data={PAGE_SIZES.map(String)}
        onChange={({ currentTarget }) => onChange({ ...FIRST_PAGE, size: Number(currentTarget.value) })}
      />
      <Group component="nav" aria-label="Pages" gap="xs">
        <Text size="sm" role="status">
          {/* The rows of another page are no part of this range */}
          {shown && !isStale && shown.nodes.length > 0 && (
            <>
              {inFigures(first)}–{inFigures(first + shown.nodes.length - 1)}
              {total !== undefined && ` of ${inFigures(total)}`}
            </>
          )}
        </Text>
        <Button variant="default" size="xs" disabled={isFirst} onClick={() => onChange(FIRST_PAGE)}>
          First page
        </Button>
        <Button
          variant="default"
          size="xs"
          disabled={isFirst || isStale || !hasPreviousPage}
          onClick={previous}
        >
          Previous
        </Button>
        <Button
          variant="default"
          size="xs"
          disabled={isStale || !hasNextPage}
          onClick={() => onChange({ page: page + 1, after: endCursor ?? undefined, before: undefined })}
        >
          Next
        </Button>
      </Group>
    </Group>
  );
}
