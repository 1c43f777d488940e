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

/** What can be done to many at once, in words, and what takes it back. */
const DEEDS = {
  disable: { document: DisableClientsDocument, verb: 'Disable', done: 'disabled', undo: 'enable' },
  enable: { document: EnableClientsDocument, verb: 'Enable', done: 'enabled', undo: 'disable' },
  delete: { document: DeleteClientsDocument, verb: 'Delete', done: 'deleted', undo: 'restore' },
  restore: { document: RestoreClientsDocument, verb: 'Restore', done: 'restored', undo: 'delete' },
} as const;
export type Deed = keyof typeof DEEDS;

export const clients = (count: number) =>
  `${count.toLocaleString('en')} ${count === 1 ? 'client' : 'clients'}`;

async function perform(deed: Deed, filter: OAuthClientFilter, expectedCount: number | null): Promise<number> {
  const variables = { filter, dryRun: expectedCount === null, expectedCount };
  return (await request(DEEDS[deed].document, variables)).result.count;
}

/** Something that was done, and may be taken back. */
export interface Done {
  deed: Deed;
  count: number;
  /** Which; null where they cannot be told from others any more. */
  ids: readonly string[] | null;
}

interface BulkDialogProps {
  deed: Deed;
  /** Those that are ticked; null: all that match the filter. */
  ids: readonly string[] | null;
  filter: OAuthClientFilter;
  onDone: (done: Done) => void;
  onClose: () => void;
}

/** Says how many it would be done to, and does it to exactly as many, or to none. */
export function BulkDialog({ deed, ids, filter, onDone, onClose }: BulkDialogProps) {
  const { verb, done } = DEEDS[deed];
  const concerned = ids === null ? filter : { ids: [...ids] };
  const client = useQueryClient();
  const dryRun = useQuery({
    queryKey: ['bulk', deed, concerned],
    queryFn: () => perform(deed, concerned, null),
    gcTime: 0,
    staleTime: 0,
  });
  const { mutate, isPending, error } = useMutation({
    mutationFn: (count: number) => perform(deed, concerned, count),
    onSuccess: async (count) => {
      await client.invalidateQueries();
      onDone({ deed, count, ids });
    },
    // Where the number has changed, the new one is asked for
    onError: () => void dryRun.refetch(),
  });
  const count = dryRun.data;
  return (
    <ConfirmDialog
      title={`${verb} clients`}
      action={count === undefined ? verb : `${verb} ${clients(count)}`}
      isDangerous={deed === 'delete' || deed === 'disable'}
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
          {count === 0 ? `None of them can be ${done}.` : `${clients(count)} will be ${done}, all or none.`}{' '}
          {deed === 'delete' && 'They can be restored for a while.'}
          {ids === null && count > 0 && ' These are all that match the filter, not only those of this page.'}
        </Text>
      )}
    </ConfirmDialog>
  );
}

/** Tells what was done, and offers to take it back where it is known to whom it was done. */
export function DoneAlert({ done, onClose }: { done: Done; onClose: () => void }) {
  const client = useQueryClient();
  const [isUndone, setIsUndone] = useState(false);
  const { deed, count, ids } = done;
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      const filter = { ids: [...ids!] };
      const { undo } = DEEDS[deed];
      const undoable = await perform(undo, undo === 'restore' ? { ...filter, deleted: true } : filter, null);
      return perform(undo, undo === 'restore' ? { ...filter, deleted: true } : filter, undoable);
    },
    onSuccess: async () => {
      setIsUndone(true);
      await client.invalidateQueries();
    },
  });
  const told = isUndone
    ? `Undone: ${clients(count)} ${DEEDS[DEEDS[deed].undo].done}`
    : `${clients(count)} ${DEEDS[deed].done}`;
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
