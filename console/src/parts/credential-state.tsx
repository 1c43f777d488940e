import { Badge } from '@mantine/core';

interface Lifetime {
  expiresAt: string | null;
  revokedAt: string | null;
}

/** Whether a key or token still opens a door. */
export const isEnded = ({ expiresAt, revokedAt }: Lifetime) =>
  revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= Date.now());

/** The same in words. */
export function CredentialState(props: Lifetime) {
  const label = props.revokedAt !== null ? 'Revoked' : isEnded(props) ? 'Expired' : 'Valid';
  return (
    <Badge color={label === 'Valid' ? 'green' : 'gray'} variant="outline">
      {label}
    </Badge>
  );
}
