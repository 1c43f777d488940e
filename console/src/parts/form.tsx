import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import { Failed } from './states';
import type { Fault } from './use-fields';

interface FormProps {
  /** Its accessible name. */
  label: string;
  /** The text of the submit button. */
  action: string;
  /** The error of the last submission. */
  error: Error | null;
  /** Field errors that are not corrected yet. */
  faults: readonly Fault[];
  isPending: boolean;
  isDisabled?: boolean;
  /** Shown next to the buttons. */
  note?: ReactNode;
  onSubmit: () => void;
  onCancel: () => void;
  /** Inputs; `data-field` names the field of each. */
  children: ReactNode;
}

/** A form whose buttons stay in view. After an error it focuses the first invalid field. */
export function Form(props: FormProps) {
  const { label, action, error, faults, isPending, isDisabled, note, onSubmit, onCancel, children } = props;
  const form = useRef<HTMLFormElement>(null);
  // Once per error: the focus must not move while the user corrects a field
  const refused = useRef(faults);
  useEffect(() => {
    refused.current = faults;
  });
  useEffect(() => {
    if (error) showFirst(form.current!, refused.current);
  }, [error]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form ref={form} onSubmit={submit} aria-label={label}>
      <Stack>
        {children}
        <div className="form-actions">
          {error && <Refusal form={form} error={error} faults={faults} />}
          <Group justify="flex-end">
            {note}
            {/* The reply to a running request may contain a secret, which is shown once */}
            <Button variant="default" disabled={isPending} onClick={onCancel}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending} disabled={isDisabled}>
              {action}
            </Button>
          </Group>
        </div>
      </Stack>
    </form>
  );
}

interface RefusalProps {
  form: React.RefObject<HTMLFormElement | null>;
  error: Error;
  faults: readonly Fault[];
}

function Refusal({ form, error, faults }: RefusalProps) {
  const isAboutFields = Object.keys((error as { fields?: object }).fields ?? {}).length > 0;
  if (!isAboutFields) return <Failed error={error} />;
  if (faults.length === 0) return null;
  return (
    <Alert
      color="red"
      role="alert"
      title={faults.length === 1 ? '1 field to correct' : `${faults.length} fields to correct`}
    >
      {faults.map((fault) => {
        const input = form.current && inputOf(form.current, fault);
        return input ? (
          <Button key={fault.name} size="compact-xs" variant="subtle" color="red" onClick={() => show(input)}>
            {fault.label}
          </Button>
        ) : (
          // The form has no input for it
          <Text key={fault.name} size="sm">
            {fault.label}: {fault.messages.join('; ')}
          </Text>
        );
      })}
    </Alert>
  );
}

const CONTROL = 'input, textarea, select';

function inputOf(form: HTMLFormElement, { name }: Fault): HTMLElement | null {
  const field = form.querySelector<HTMLElement>(`[data-field="${CSS.escape(name)}"]`);
  return field?.matches(CONTROL) ? field : (field?.querySelector<HTMLElement>(CONTROL) ?? null);
}

function show(input: HTMLElement): void {
  const hidden = input.closest('details');
  if (hidden) hidden.open = true;
  input.focus({ preventScroll: true });
  input.scrollIntoView({ block: 'center' });
}

/** The first in the order of the page. */
function showFirst(form: HTMLFormElement, faults: readonly Fault[]): void {
  const inputs = faults.map((fault) => inputOf(form, fault)).filter((input) => input !== null);
  const [first] = inputs.sort((one, other) =>
    one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1,
  );
  if (first) show(first);
}
