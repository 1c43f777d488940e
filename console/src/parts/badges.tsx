import { Badge, Group } from '@mantine/core';

interface Standing {
  status: 'ACTIVE' | 'DISABLED';
  verified: boolean;
  deletedAt: string | null;
}

/** Whether a client may be used, and whether an operator has vouched for it. */
export function StandingBadges({ status, verified, deletedAt }: Standing) {
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
