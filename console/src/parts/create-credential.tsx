import type { ReactNode } from 'react';
import { Dialog } from './dialog';
import { Form } from './form';
import { ShownOnce } from './shown-once';
import { useUnsavedChanges } from './unsaved-changes';
import type { Fault } from './use-fields';

interface CreateCredentialProps {
  /** The kind of credential, such as "API key". */
  what: string;
  /** Its name in the REST API. */
  member: string;
  /** The credential itself, once there is one. */
  value: string | undefined;
  /** The request that creates it, and its error. */
  creation: { isPending: boolean; error: Error | null };
  /** Field errors, and whether closing would lose input. */
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
