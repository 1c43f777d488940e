import { Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';
import { ConfirmDialog } from './confirm-dialog';

/**
 * Asks before what was typed is lost: by a link, the browser's back, a reload, or `close`.
 * @param onClose what `close` does where nothing would be lost, or may be
 */
export function useUnsavedChanges(isChanged: boolean, onClose: () => void) {
  const [isAsking, setIsAsking] = useState(false);
  const blocker = useBlocker({
    // A skip link and a filter leave the form where it is
    shouldBlockFn: ({ current, next }) => isChanged && current.pathname !== next.pathname,
    enableBeforeUnload: isChanged,
    withResolver: true,
  });
  const stay = () => {
    setIsAsking(false);
    blocker.reset?.();
  };
  const isOpen = isAsking || blocker.status === 'blocked';
  return {
    close: () => (isChanged ? setIsAsking(true) : onClose()),
    isAsking: isOpen,
    question: isOpen && (
      <ConfirmDialog
        title="Discard your changes?"
        action="Discard"
        cancel="Keep editing"
        isDangerous
        onConfirm={blocker.proceed ?? onClose}
        onClose={stay}
      >
        <Text size="sm">What you changed is not saved.</Text>
      </ConfirmDialog>
    ),
  };
}
