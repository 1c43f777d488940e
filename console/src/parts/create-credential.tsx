import type { ReactNode } from 'react';
import { Dialog } from './dialog';
import { Form } from './form';
import { ShownOnce } from './shown-once';
import { useUnsavedChanges } from './unsaved-changes';
import type { Fault } from './use-fields';

interface CreateCredentialProps {
  /** What is created, as in "API key". */
  what: string;
  /** What the REST API calls it. */
  member: string;
  /** The credential itself, once there is one. */
  value: string | undefined;
  /** The request that creates it, and why it was refused. */
  creation: { isPending: boolean; error: Error | null };
  /** What is still to be corrected, and whether anything was typed that closing would lose. */
  fields: { faults: readonly Fault[]; isChanged: boolean };
  onSubmit: () => void;
  onClose: () => void;
  /** Inputs of the form. */
  children: ReactNode;
}

/** A dialog with a form that creates a credential, which it then shows once. */
export function CreateCredential(props: CreateCredentialProps) {
  const { what, member, value, creation, fields, onSubmit, onClose, children } = props;
  const { isPending, error } = creation;
  const { faults, isChanged } = fields;
  const isCreated = value !== undefined;
  const { close, isAsking, question } = useUnsavedChanges(isChanged && !isCreated, onClose);
  const title = `New ${what.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase())}`;
  return (
    <Dialog title={title} onClose={isPending || isCreated || isAsking ? undefined : close}>
      {isCreated ? (
        <ShownOnce what={what} value={value} members={{ [member]: value }} onDone={onClose} />
      ) : (
        <Form
          label={title}
          action="Create"
          error={error}
          faults={faults}
          isPending={isPending}
          onSubmit={onSubmit}
          onCancel={close}
        >
          {children}
        </Form>
      )}
      {question}
    </Dialog>
  );
}
