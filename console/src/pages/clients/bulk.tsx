import { Alert, Button, Group, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  DeleteClientsDocument,
  DisableClientsDocument,
  EnableClientsDocument,
  type OAuthClientFilter,
  RestoreClientsDocument,
} from '../../graphql/operations';
import { request } from '../../graphql/request';
import { ConfirmDialog } from '../../parts/confirm-dialog';
import { Failed, Loading } from '../../parts/states';

/** Actions on many clients, with their words and the action that reverses each. */
const BULK_ACTIONS = {
  disable: { document: DisableClientsDocument, verb: 'Disable', done: 'disabled', undo: 'enable' },
  enable: { document: EnableClientsDocument, verb: 'Enable', done: 'enabled', undo: 'disable' },
  delete: { document: DeleteClientsDocument, verb: 'Delete', done: 'deleted', undo: 'restore' },
  restore: { document: RestoreClientsDocument, verb: 'Restore', done: 'restored', undo: 'delete' },
} as const;
export type BulkAction = keyof typeof BULK_ACTIONS;

export const clients = (count: number) =>
  `${count.toLocaleString('en')} ${count === 1 ? 'client' : 'clients'}`;

async function perform(
  action: BulkAction,
  filter: OAuthClientFilter,
  expectedCount: number | null,
): Promise<number> {
  const variables = { filter, dryRun: expectedCount === null, expectedCount };
  return (await request(BULK_ACTIONS[action].document, variables)).result.count;
}

/** A bulk action that was carried out. */
export interface Done {
  action: BulkAction;
  count: number;
  /** The clients; null for all that matched a filter, which has no undo. */
  ids: readonly string[] | null;
}

interface BulkDialogProps {
  action: BulkAction;
  /** The selected clients; null for all that match the filter. */
  ids: readonly string[] | null;
  filter: OAuthClientFilter;
  onDone: (done: Done) => void;
  onClose: () => void;
}

/** Says how many clients will change, and changes exactly that number or none. */
export function BulkDialog({ action, ids, filter, onDone, onClose }: BulkDialogProps) {
  const { verb, done } = BULK_ACTIONS[action];
  const concerned = ids === null ? filter : { ids: [...ids] };
  const client = useQueryClient();
  const dryRun = useQuery({
    queryKey: ['bulk', action, concerned],
    queryFn: () => perform(action, concerned, null),
    gcTime: 0,
    staleTime: 0,
  });
  const { mutate, isPending, error } = useMutation({
    mutationFn: (count: number) => perform(action, concerned, count),
    onSuccess: async (count) => {
      await client.invalidateQueries();
      onDone({ action, count, ids });
    },
    // If the number has changed, the dialog shows the new one
    onError: () => void dryRun.refetch(),
  });
  const count = dryRun.data;
  return (
    <ConfirmDialog
      title={`${verb} clients`}
      action={count === undefined ? verb : `${verb} ${clients(count)}`}
      isDangerous={action === 'delete' || action === 'disable'}
      isPending={isPending}
      isDisabled={!count}
      error={error}
      onConfirm={() => mutate(count!)}
      onClose={onClose}
    >
      {dryRun.error && <Failed error={dryRun.error} onRetry={() => void dryRun.refetch()} />}
      {dryRun.isPending && <Loading rows={1} />}
      {count !== undefined && (
        <Text size="sm">
          {count === 0 ? `No client can be ${done}.` : `${clients(count)} will be ${done}, all or none.`}{' '}
          {action === 'delete' && 'They can be restored until they are purged.'}
          {ids === null && count > 0 && ' These are all clients that match the filter, not only this page.'}
        </Text>
      )}
    </ConfirmDialog>
  );
}

/** The result of a bulk action, with a button to undo it if the clients are known. */
export function DoneAlert({ done, onClose }: { done: Done; onClose: () => void }) {
  const client = useQueryClient();
  const [isUndone, setIsUndone] = useState(false);
  const { action, count, ids } = done;
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      const filter = { ids: [...ids!] };
      const { undo } = BULK_ACTIONS[action];
      const undoable = await perform(undo, undo === 'restore' ? { ...filter, deleted: true } : filter, null);
      return perform(undo, undo === 'restore' ? { ...filter, deleted: true } : filter, undoable);
    },
    onSuccess: async () => {
      setIsUndone(true);
      await client.invalidateQueries();
    },
  });
  const told = isUndone
    ? `Undone: ${clients(count)} ${BULK_ACTIONS[BULK_ACTIONS[action].undo].done}`
    : `${clients(count)} ${BULK_ACTIONS[action].done}`;
  return (
    <Alert color="green" role="status" withCloseButton onClose={onClose} closeButtonLabel="Dismiss">
      <Group justify="space-between">
        <Text size="sm">{told}</Text>
        {ids !== null && !isUndone && (
          <Button size="xs" variant="default" loading={isPending} onClick={() => mutate()}>
            Undo
          </Button>
        )}
      </Group>
      {error && <Failed error={error} />}
    </Alert>
  );
}
