import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';

interface DialogProps {
  title: string;
  /** Omitted: the dialog cannot be closed. */
  onClose?: () => void;
  children: ReactNode;
}

/** The focused element or, if that is in a menu, which closes, the button of the menu. */
function findOpener(): HTMLElement | null {
  const { activeElement } = document;
  const menu = activeElement?.closest('[role=menu]');
  if (menu) return document.getElementById(menu.getAttribute('aria-labelledby') ?? '');
  return activeElement instanceof HTMLElement ? activeElement : null;
}

/** A dialog above the page. Locking the page's scroll bar would write a style element, which the page's policy forbids. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const isClosable = onClose !== undefined;
  const [opener] = useState(findOpener);
  // Returns the focus to the element that opened the dialog or, if that is gone, to the page
  useEffect(
    () => () => (opener?.isConnected ? opener : document.getElementById('content'))?.focus(),
    [opener],
  );
  return (
    <Modal.Root
      opened
      onClose={onClose ?? (() => undefined)}
      lockScroll={false}
      closeOnEscape={isClosable}
      closeOnClickOutside={isClosable}
    >
      <Modal.Overlay />
      <Modal.Content>
        {/* A page has one banner only */}
        <Modal.Header role="presentation">
          <Modal.Title>{title}</Modal.Title>
          {isClosable && <Modal.CloseButton aria-label="Close" />}
        </Modal.Header>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
