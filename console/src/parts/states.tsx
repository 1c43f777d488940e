import { Alert, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useId } from 'react';
import { type FailureKind, RequestError } from '../graphql/request';

const TITLES: Record<FailureKind, string> = {
  network: 'The service cannot be reached',
  'signed-out': 'Your session has ended',
  forbidden: 'Role not permitted',
  'not-found': 'Not found',
  conflict: 'Edit conflict',
  invalid: 'Invalid request',
  busy: 'Temporarily unavailable',
  other: 'Something went wrong',
};

/** A placeholder while data loads. */
export function Loading({ rows = 5 }: { rows?: number }) {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={22} />
      ))}
    </Stack>
  );
}

/** An empty state: says that there is nothing, and what to do next. */
export function Empty({ children }: { children: React.ReactNode }) {
  return (
    <Text c="dimmed" ta="center" py="xl" role="status">
      {children}
    </Text>
  );
}

/** An error, with a button to try again where that can help. */
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
