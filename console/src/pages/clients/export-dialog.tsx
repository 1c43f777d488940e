import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { OAuthClientFilter, OAuthClientOrder } from '../../graphql/operations';
import { Failed } from '../../parts/states';
import { clients } from './bulk';
import { saveCsv } from './csv';
import { Dialog } from '../../parts/dialog';

interface ExportDialogProps {
  filter: OAuthClientFilter;
  order: OAuthClientOrder;
  /** The number of clients; undefined while it is counted. */
  total: number | undefined;
  onClose: () => void;
}

/** Saves the filtered clients as a CSV file, and shows the progress. */
export function ExportDialog({ filter, order, total, onClose }: ExportDialogProps) {
  const [saved, setSaved] = useState(0);
  const stopping = useRef<AbortController>(null);
  const closing = useRef<HTMLButtonElement>(null);
  const { mutate, isPending, isSuccess, error } = useMutation({
    mutationFn: () => {
      setSaved(0);
      stopping.current = new AbortController();
      return saveCsv(filter, order, setSaved, stopping.current.signal);
    },
    // The button that was pressed disappears, and would lose the focus
    onSuccess: () => closing.current?.focus(),
  });
  const close = () => {
    stopping.current?.abort();
    onClose();
  };
  const isStopped = error instanceof DOMException;
  return (
    <Dialog title="Save as CSV" onClose={close}>
      <Stack>
        <Text size="sm">
          {total === undefined ? 'All clients' : clients(total)} that match the filter, with all columns.
        </Text>
        {(isPending || isSuccess) && (
          <>
            <Progress
              aria-label="Saved"
              value={isSuccess ? 100 : total ? Math.min(99, (saved / total) * 100) : 0}
              transitionDuration={0}
            />
            <Text size="sm" role="status">
              {isSuccess ? 'Saved' : 'Saving'}: {clients(saved)}
            </Text>
          </>
        )}
        {error && !isStopped && <Failed error={error} onRetry={() => mutate()} />}
        <Group justify="flex-end">
          <Button ref={closing} variant="default" onClick={close}>
            {isPending ? 'Stop' : 'Close'}
          </Button>
          {!isSuccess && (
            <Button loading={isPending} onClick={() => mutate()}>
              Save
            </Button>
          )}
        </Group>
      </Stack>
    </Dialog>
  );
}
