import { Alert, Radio, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { ClientDocument, type ClientDetailsFragment, UpdateClientDocument } from '../../graphql/operations';
import { request, RequestError } from '../../graphql/request';
import { Form } from '../../parts/form';
import { useUnsavedChanges } from '../../parts/unsaved-changes';
import { useFields } from '../../parts/use-fields';
import {
  changedFields,
  FIELD_LABELS,
  FIELD_NAMES,
  type FieldName,
  FIELDS,
  type FieldValues,
  merge,
  type Merge,
  toInput,
  valuesOf,
} from './client-fields';
import { FieldInputs } from './field-inputs';

interface EditFormProps {
  client: ClientDetailsFragment;
  onClose: () => void;
}

/** Edits a client. If the client was changed in the meantime, it merges both edits and keeps the input. */
export function EditForm({ client, onClose }: EditFormProps) {
  const queryClient = useQueryClient();
  const { clientId } = client;
  const [base, setBase] = useState(() => ({ version: client.version, values: valuesOf(client) }));
  const [conflict, setConflict] = useState<(Merge & { theirs: FieldValues }) | null>(null);
  const [decisions, setDecisions] = useState<Decisions>({});

  const { mutate, isPending, error } = useMutation({
    mutationFn: async (mine: FieldValues) => {
      const input = toInput(mine, changedFields(base.values, mine));
      try {
        await request(UpdateClientDocument, { clientId, version: base.version, input });
        return true;
      } catch (error) {
        if (!(error instanceof RequestError) || error.kind !== 'conflict') throw error;
        const { oauthClient } = await request(ClientDocument, { clientId });
        if (oauthClient === null)
          throw new RequestError('not-found', 'This client was deleted while you edited it.');
        const theirs = valuesOf(oauthClient);
        const merged = merge(base.values, mine, theirs);
        setBase({ version: oauthClient.version, values: theirs });
        setConflict({ ...merged, theirs });
        setDecisions({});
        for (const name of merged.taken) set(name, merged.values[name]);
        return false;
      }
    },
    onSuccess: async (isStored) => {
      await queryClient.invalidateQueries();
      if (isStored) onClose();
    },
  });
  const { values, set, faultOf, faults } = useFields<FieldValues>(base.values, error, FIELD_LABELS);
  const changed = changedFields(base.values, values);
  const undecided = conflict?.disputed.filter((name) => decisions[name] === undefined) ?? [];
  const { close, question } = useUnsavedChanges(changed.length > 0, onClose);
  const decide = (name: FieldName, decision: Decision, value: FieldValues[FieldName]) => {
    setDecisions((before) => ({ ...before, [name]: decision }));
    set(name, value);
  };
  return (
    <>
      <Form
        label="Edit client"
        action={conflict ? 'Save merged client' : 'Save'}
        error={error}
        faults={faults}
        isPending={isPending}
        isDisabled={(changed.length === 0 && conflict === null) || undecided.length > 0}
        note={
          <Text size="sm" c="dimmed" role="status">
            {undecided.length > 0
              ? `To resolve: ${labels(undecided)}`
              : changed.length === 0
                ? 'No changes'
                : `Changed: ${labels(changed)}`}
          </Text>
        }
        onSubmit={() => (changed.length === 0 ? onClose() : mutate(values))}
        onCancel={close}
      >
        {conflict && (
          <Conflict
            key={base.version}
            conflict={conflict}
            mine={conflict.values}
            decisions={decisions}
            onDecide={decide}
          />
        )}
        <FieldInputs
          names={FIELD_NAMES}
          values={values}
          faultOf={faultOf}
          onChange={(name, value) => decide(name, 'edited', value)}
        />
      </Form>
      {question}
    </>
  );
}

const labels = (names: readonly FieldName[]) => names.map((name) => FIELDS[name].label).join(', ');

/** The value that a field gets; `edited`: one that was typed after the conflict was shown. */
type Decision = 'mine' | 'theirs' | 'edited';
type Decisions = Partial<Record<FieldName, Decision>>;

interface ConflictProps {
  conflict: Merge & { theirs: FieldValues };
  mine: FieldValues;
  decisions: Decisions;
  onDecide: (name: FieldName, decision: Decision, value: FieldValues[FieldName]) => void;
}

/** Asks for a choice for each field that both edits changed. None is preselected. */
function Conflict({ conflict: { taken, disputed, theirs }, mine, decisions, onDecide }: ConflictProps) {
  const alert = useRef<HTMLDivElement>(null);
  // The save button may be far below
  useEffect(() => {
    alert.current?.focus({ preventScroll: true });
    alert.current?.scrollIntoView({ block: 'center' });
  }, []);
  return (
    <Alert
      ref={alert}
      tabIndex={-1}
      color="yellow"
      role="alert"
      title="This client was changed while you edited it"
    >
      <Stack gap="sm">
        {taken.length > 0 && <Text size="sm">Changes without a conflict were applied: {labels(taken)}.</Text>}
        {disputed.length === 0 && (
          <Text size="sm">Your changes do not conflict. Review them and save again.</Text>
        )}
        {disputed.map((name) => (
          <Radio.Group
            key={name}
            label={`${FIELDS[name].label}: changed by both`}
            description={decisions[name] === 'edited' ? 'Uses your input below.' : undefined}
            value={decisions[name] ?? ''}
            onChange={(whose) =>
              whose === 'theirs' ? onDecide(name, 'theirs', theirs[name]) : onDecide(name, 'mine', mine[name])
            }
          >
            <div className="side-by-side">
              <Radio value="mine" label={`Mine: ${shown(mine[name])}`} className="wrap-anywhere" />
              <Radio value="theirs" label={`Theirs: ${shown(theirs[name])}`} className="wrap-anywhere" />
            </div>
          </Radio.Group>
        ))}
      </Stack>
    </Alert>
  );
}

function shown(value: string | boolean | string[]): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const text = Array.isArray(value) ? value.join('\n') : value;
  return text === '' ? 'empty' : text.includes('\n') ? `\n${text}` : text;
}
