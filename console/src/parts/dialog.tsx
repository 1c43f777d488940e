import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';

interface DialogProps {
  title: string;
  /** Left out: it stays until what it asks for is done. */
  onClose?: () => void;
  children: ReactNode;
}

/** A dialog above the page. Locking the page's scroll bar would write a style element, which the page's policy forbids. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const isClosable = onClose !== undefined;
  const [opener] = useState(() => document.activeElement);
  // Whoever opened it by keyboard goes on from there
  useEffect(() => () => (opener instanceof HTMLElement ? opener.focus() : undefined), [opener]);
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
