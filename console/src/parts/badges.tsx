import { Badge, Group } from '@mantine/core';

interface ClientState {
  status: 'ACTIVE' | 'DISABLED';
  verified: boolean;
  deletedAt: string | null;
}

/** The status of a client, and whether it is verified. */
export function StatusBadges({ status, verified, deletedAt }: ClientState) {
  const [label, color] =
    deletedAt !== null
      ? ['Deleted', 'red']
      : status === 'ACTIVE'
        ? ['Active', 'green']
        : ['Disabled', 'orange'];
  return (
    <Group gap={4} wrap="nowrap">
      <Badge color={color} variant="outline">
        {label}
      </Badge>
      {verified && (
        <Badge color="blue" variant="outline">
          Verified
        </Badge>
      )}
    </Group>
  );
}
