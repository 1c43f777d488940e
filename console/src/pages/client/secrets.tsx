import { Button, Checkbox, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type ClientQuery, IssueSecretDocument, RevokeSecretDocument } from '../../graphql/operations';
import { request } from '../../graphql/request';
import { ConfirmDialog } from '../../parts/confirm-dialog';
import { DataTable } from '../../parts/data-table';
import { ShownOnce } from '../../parts/shown-once';
import { Empty, Failed } from '../../parts/states';
import { When } from '../../parts/when';
import { Dialog } from '../../parts/dialog';
import { useMayChange } from '../../session/session';

type Secret = NonNullable<ClientQuery['oauthClient']>['secrets']['nodes'][number];

/** How long existing secrets stay valid, in seconds. */
const OVERLAPS = [
  { value: '3600', label: 'for 1 hour' },
  { value: '86400', label: 'for 1 day' },
  { value: '604800', label: 'for 1 week' },
  { value: '0', label: 'not at all' },
  { value: '', label: 'as before' },
];

interface SecretsProps {
  clientId: string;
  /** The newest ones. */
  secrets: readonly Secret[];
  /** Whether there are older ones. */
  hasMore: boolean;
}

/** Whether the client can authenticate with it. */
const isValid = ({ expiresAt }: Secret) => expiresAt === null || Date.parse(expiresAt) > Date.now();

/** The secrets of a client, without their values, and for an admin buttons to rotate and revoke them. */
export function Secrets({ clientId, secrets, hasMore }: SecretsProps) {
  const mayChange = useMayChange();
  const [isRotating, setIsRotating] = useState(false);
  const [revoking, setRevoking] = useState<Secret | null>(null);
  return (
    <>
      {secrets.length === 0 ? (
        <Empty>
          No secret: the client cannot authenticate. {mayChange && 'Rotate the secret to issue one.'}
        </Empty>
      ) : (
        <DataTable
          caption="Secrets"
          rows={secrets}
          keyOf={({ id }) => id}
          columns={[
            { key: 'hint', label: 'Ends with', show: ({ hint }) => <code>…{hint}</code> },
            { key: 'createdAt', label: 'Created', show: ({ createdAt }) => <When at={createdAt} /> },
            { key: 'expiresAt', label: 'Expires', show: ({ expiresAt }) => <When at={expiresAt} /> },
            { key: 'lastUsedAt', label: 'Last used', show: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
            ...(mayChange
              ? [
                  {
                    key: 'actions',
                    label: 'Actions',
                    show: (secret: Secret) => (
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        color="red"
                        aria-label={`Revoke the secret that ends with ${secret.hint}`}
                        onClick={() => setRevoking(secret)}
                      >
                        Revoke
                      </Button>
                    ),
                  },
                ]
              : []),
          ]}
        />
      )}
      {hasMore && <Text size="sm">Older secrets, which have expired, are not shown.</Text>}
      {mayChange && (
        <Group mt="xs">
          <Button size="xs" variant="default" onClick={() => setIsRotating(true)}>
            Rotate the secret
          </Button>
        </Group>
      )}
      {isRotating && <Rotate clientId={clientId} onClose={() => setIsRotating(false)} />}
      {revoking && (
        <Revoke
          clientId={clientId}
          secret={revoking}
          isLast={isValid(revoking) && secrets.filter(isValid).length === 1}
          onClose={() => setRevoking(null)}
        />
      )}
    </>
  );
}

function Rotate({ clientId, onClose }: { clientId: string; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [overlap, setOverlap] = useState('86400');
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: () =>
      request(IssueSecretDocument, {
        clientId,
        expireOthersIn: overlap === '' ? null : Number(overlap),
        expiresAt: null,
      }),
    onSuccess: () => queryClient.invalidateQueries(),
  });
  const secret = data?.issueOAuthClientSecret.clientSecret;
  return (
    <Dialog title="Rotate the secret" onClose={isPending || secret ? undefined : onClose}>
      {secret === undefined ? (
        <Stack>
          {error && <Failed error={error} />}
          <Text size="sm">Issues a new secret, which is shown once.</Text>
          <NativeSelect
            label="Existing secrets stay valid"
            data={OVERLAPS}
            value={overlap}
            onChange={({ currentTarget }) => setOverlap(currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" disabled={isPending} onClick={onClose}>
              Cancel
            </Button>
            <Button loading={isPending} onClick={() => mutate()}>
              Rotate
            </Button>
          </Group>
        </Stack>
      ) : (
        <ShownOnce
          what="Client secret"
          value={secret}
          members={{ client_id: clientId, client_secret: secret }}
          onDone={onClose}
        />
      )}
    </Dialog>
  );
}

interface RevokeProps {
  clientId: string;
  secret: Secret;
  isLast: boolean;
  onClose: () => void;
}

function Revoke({ clientId, secret, isLast, onClose }: RevokeProps) {
  const queryClient = useQueryClient();
  const [isSure, setIsSure] = useState(false);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => request(RevokeSecretDocument, { clientId, secretId: secret.id, force: isLast }),
    onSuccess: async () => {
      await queryClient.invalidateQueries();
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Revoke the secret that ends with ${secret.hint}`}
      action="Revoke"
      isDangerous
      isPending={isPending}
      isDisabled={isLast && !isSure}
      error={error}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <Text size="sm">Authentication with this secret fails from now on.</Text>
      {isLast && (
        <Checkbox
          label="This is the last secret: the client can no longer authenticate"
          checked={isSure}
          onChange={({ currentTarget }) => setIsSure(currentTarget.checked)}
        />
      )}
    </ConfirmDialog>
  );
}
