import { Badge } from '@mantine/core';

interface Lifetime {
  expiresAt: string | null;
  revokedAt: string | null;
}

/** Whether a key or token is valid. */
export const isEnded = ({ expiresAt, revokedAt }: Lifetime) =>
  revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= Date.now());

/** The status of a key or token as a badge. */
export function CredentialState(props: Lifetime) {
  const label = props.revokedAt !== null ? 'Revoked' : isEnded(props) ? 'Expired' : 'Active';
  return (
    <Badge color={label === 'Active' ? 'green' : 'gray'} variant="outline">
      {label}
    </Badge>
  );
}
