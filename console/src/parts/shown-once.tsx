import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { CopyButton } from './copy-button';
import { download } from './download';

interface ShownOnceProps {
  what: string;
  value: string;
  /** The secret and its client, by their names in the REST API. */
  members: Readonly<Record<string, string>>;
  onDone: () => void;
}

const asEnv = (members: ShownOnceProps['members']) =>
  Object.entries(members)
    .map(([name, value]) => `${name.toUpperCase()}=${value}\n`)
    .join('');
const asJson = (members: ShownOnceProps['members']) => `${JSON.stringify(members, null, 2)}\n`;

/** Shows a secret that the service returns only once. Only "Done" closes the dialog. */
export function ShownOnce({ what, value, members, onDone }: ShownOnceProps) {
  useBlocker({ shouldBlockFn: () => true });
  const save = () =>
    download(new Blob([asJson(members)], { type: 'application/json' }), `${what.replaceAll(' ', '-')}.json`);
  return (
    <Stack>
      <Alert color="green" role="status" title={`${what}: shown only once`}>
        <Group gap="xs">
          <Code className="secret" aria-label={what}>
            {value}
          </Code>
          {/* The form had the focus, and is gone */}
          <CopyButton value={value} label={what} autoFocus data-autofocus />
        </Group>
        <Text size="sm" mt="xs">
          Store it now. The registry keeps only a hash.
        </Text>
      </Alert>
      <Group gap="xs">
        <CopyButton value={asEnv(members)} label={`${what} as .env`} text="Copy as .env" variant="default" />
        <CopyButton value={asJson(members)} label={`${what} as JSON`} text="Copy as JSON" variant="default" />
        <Button size="compact-xs" variant="default" onClick={save}>
          Download
        </Button>
      </Group>
      <Button onClick={onDone}>Done</Button>
    </Stack>
  );
}
