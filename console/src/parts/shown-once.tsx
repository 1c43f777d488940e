import { Alert, Code, Group, Text } from '@mantine/core';
import { CopyButton } from './copy-button';

/** A secret that the service has told, and will never tell again. */
export function ShownOnce({ what, value }: { what: string; value: string }) {
  return (
    <Alert color="green" role="status" title={`${what}, shown this once`}>
      <Group gap="xs">
        <Code className="secret" aria-label={what}>
          {value}
        </Code>
        {/* What had the focus is gone with the form */}
        <CopyButton value={value} label={what} autoFocus />
      </Group>
      <Text size="sm" mt="xs">
        Store it now: only its hash is kept here.
      </Text>
    </Alert>
  );
}
