import { Button, Checkbox, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type ResourcesQuery, RotateSigningKeysDocument } from '../../graphql/operations';
import { request } from '../../graphql/request';
import { ConfirmDialog } from '../../parts/confirm-dialog';
import { DataTable } from '../../parts/data-table';
import { Empty } from '../../parts/states';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';
import { useMayChange } from '../../session/session';

/** The keys that sign JWT access tokens, and for an admin a button to rotate them. */
export function SigningKeys({ keys }: { keys: ResourcesQuery['signingKeys'] }) {
  const mayChange = useMayChange();
  const [isRotating, setIsRotating] = useState(false);
  return (
    <>
      {keys.length === 0 ? (
        <Empty>No key yet. The first one is created with the first JWT access token.</Empty>
      ) : (
        <DataTable
          caption="Signing keys"
          rows={keys}
          keyOf={({ kid }) => kid}
          columns={[
            { key: 'kid', label: 'Key ID', isText: true, show: ({ kid }) => <code>{kid}</code> },
            { key: 'status', label: 'Status', show: ({ status }) => inWords(status) },
            { key: 'createdAt', label: 'Created', show: ({ createdAt }) => <When at={createdAt} /> },
            { key: 'activeFrom', label: 'Signs from', show: ({ activeFrom }) => <When at={activeFrom} /> },
          ]}
        />
      )}
      {mayChange && (
        <Group mt="xs">
          <Button size="xs" variant="default" onClick={() => setIsRotating(true)}>
            Rotate the keys
          </Button>
        </Group>
      )}
      {isRotating && <Rotate onClose={() => setIsRotating(false)} />}
    </>
  );
}

function Rotate({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [revokeOthers, setRevokeOthers] = useState(false);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => request(RotateSigningKeysDocument, { revokeOthers }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['resources'] });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title="Rotate the signing keys"
      action="Rotate"
      isDangerous={revokeOthers}
      isPending={isPending}
      error={error}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <Text size="sm">
        {revokeOthers
          ? 'The new key signs at once. All JWT access tokens that were signed before are no longer valid.'
          : 'The next key is published for a day before it signs. Issued tokens stay valid.'}
      </Text>
      <Checkbox
        label="A private key leaked: remove all other keys"
        checked={revokeOthers}
        onChange={({ currentTarget }) => setRevokeOthers(currentTarget.checked)}
      />
    </ConfirmDialog>
  );
}
