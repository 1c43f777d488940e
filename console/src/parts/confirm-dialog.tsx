import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { Failed } from './states';
import { Dialog } from './dialog';

interface ConfirmDialogProps {
  title: string;
  /** The text of the button: the action, not "OK". */
  action: string;
  cancel?: string;
  isDangerous?: boolean;
  isPending?: boolean;
  isDisabled?: boolean;
  error?: Error | null;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Asks for confirmation. It stays open while the request runs and if it fails. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const {
    title,
    action,
    cancel = 'Cancel',
    isDangerous,
    isPending,
    isDisabled,
    error,
    onConfirm,
    onClose,
    children,
  } = props;
  return (
    <Dialog title={title} onClose={onClose}>
      <Stack>
        {children}
        {error && <Failed error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {cancel}
          </Button>
          <Button
            color={isDangerous ? 'red' : undefined}
            loading={isPending}
            disabled={isDisabled}
            onClick={onConfirm}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
