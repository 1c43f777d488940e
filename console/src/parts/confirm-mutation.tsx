import { Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ConfirmDialog } from './confirm-dialog';

interface ConfirmMutationProps {
  title: string;
  /** On the button. */
  action: string;
  mutate: () => Promise<unknown>;
  /** Of the list that is read again. */
  queryKey: string;
  /** What it means. */
  children: ReactNode;
  onClose: () => void;
}

/** Asks before something in a list ends, ends it, and reads the list again. */
export function ConfirmMutation({
  title,
  action,
  mutate,
  queryKey,
  children,
  onClose,
}: ConfirmMutationProps) {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: mutate,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: [queryKey] });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={title}
      action={action}
      isDangerous
      isPending={mutation.isPending}
      error={mutation.error}
      onConfirm={() => mutation.mutate()}
      onClose={onClose}
    >
      <Text size="sm">{children}</Text>
    </ConfirmDialog>
  );
}
