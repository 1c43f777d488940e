import { Button, Group } from '@mantine/core';

interface PagerProps {
  /** Whether this is not the first page. */
  isBeyondFirst: boolean;
  hasNextPage: boolean;
  onFirst: () => void;
  onNext: () => void;
}

/** For lists that know where a page begins, and not its number: the browser's own "back" is the way to the page before. */
export function Pager({ isBeyondFirst, hasNextPage, onFirst, onNext }: PagerProps) {
  return (
    <Group component="nav" aria-label="Pages" justify="flex-end" gap="xs">
      <Button variant="default" size="xs" disabled={!isBeyondFirst} onClick={onFirst}>
        First page
      </Button>
      <Button variant="default" size="xs" disabled={!isBeyondFirst} onClick={() => window.history.back()}>
        Previous
      </Button>
      <Button variant="default" size="xs" disabled={!hasNextPage} onClick={onNext}>
        Next
      </Button>
    </Group>
  );
}
