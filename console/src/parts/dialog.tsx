import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';

interface DialogProps {
  title: string;
  /** Left out: it stays until what it asks for is done. */
  onClose?: () => void;
  children: ReactNode;
}

/** What has the focus or, where that is in a menu, which closes, the button of the menu. */
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
  // Whoever opened it by keyboard goes on from there or, where that is gone, with what is on the page
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
        {/* A banner is what a page has one of */}
        <Modal.Header role="presentation">
          <Modal.Title>{title}</Modal.Title>
          {isClosable && <Modal.CloseButton aria-label="Close" />}
        </Modal.Header>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
