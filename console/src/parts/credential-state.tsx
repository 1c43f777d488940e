import { Badge } from '@mantine/core';
import { When } from './when';

interface Lifetime {
  expiresAt: string | null;
  revokedAt: string | null;
}

/** Whether a key or token still opens a door. */
export const isEnded = ({ expiresAt, revokedAt }: Lifetime) =>
  revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= Date.now());

/** The same in words. */
export function CredentialState(props: Lifetime) {
  if (props.revokedAt !== null) {
    return (
      <Badge color="gray" variant="outline">
        Revoked
      </Badge>
    );
  }
  if (isEnded(props)) {
    return (
      <Badge color="gray" variant="outline">
        Expired
      </Badge>
    );
  }
  return (
    <Badge color="green" variant="outline">
      {props.expiresAt === null ? (
        'Valid'
      ) : (
        <>
          Ends <When at={props.expiresAt} />
        </>
      )}
    </Badge>
  );
}
