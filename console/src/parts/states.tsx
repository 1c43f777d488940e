import { Alert, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useId } from 'react';
import { type FailureKind, RequestError } from '../graphql/request';

const TITLES: Record<FailureKind, string> = {
  network: 'The service cannot be reached',
  'signed-out': 'Your session is over',
  forbidden: 'This is for admins',
  'not-found': 'There is no such thing',
  conflict: 'Somebody else was faster',
  invalid: 'This cannot be done',
  busy: 'The service is busy',
  other: 'Something went wrong',
};

/** What is shown until there is something to show. */
export function Loading({ rows = 5 }: { rows?: number }) {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={22} />
      ))}
    </Stack>
  );
}

/** Where there is nothing to show. */
export function Empty({ children }: { children: React.ReactNode }) {
  return (
    <Text c="dimmed" ta="center" py="xl" role="status">
      {children}
    </Text>
  );
}

/** What went wrong, and another try where that can help. */
export function Failed({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const id = useId();
  const kind = error instanceof RequestError ? error.kind : 'other';
  return (
    <Alert
      color={kind === 'forbidden' ? 'yellow' : 'red'}
      role="alert"
      title={TITLES[kind]}
      aria-labelledby={id}
    >
      <Group justify="space-between" id={id}>
        <Text size="sm">{error.message}</Text>
        {onRetry && kind !== 'forbidden' && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}
