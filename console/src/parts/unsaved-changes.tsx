import { Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';
import { ConfirmDialog } from './confirm-dialog';

/**
 * Asks before input is lost: by a link, the back button, a reload, or `close`.
 * @param onClose called by `close` if there is nothing to lose, or after confirmation
 */
export function useUnsavedChanges(isChanged: boolean, onClose: () => void) {
  const [isAsking, setIsAsking] = useState(false);
  const blocker = useBlocker({
    // A skip link and a filter keep the form
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
        <Text size="sm">Your changes are not saved.</Text>
      </ConfirmDialog>
    ),
  };
}
