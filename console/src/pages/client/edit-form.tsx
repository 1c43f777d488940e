import { Alert, Button, Group, Radio, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ClientDocument, type ClientDetailsFragment, UpdateClientDocument } from '../../graphql/operations';
import { request, RequestError } from '../../graphql/request';
import { Failed } from '../../parts/states';
import { useFields } from '../../parts/use-fields';
import {
  changedFields,
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

/** Changes a client. Where somebody else did meanwhile, both are shown, and nothing that was typed is lost. */
export function EditForm({ client, onClose }: EditFormProps) {
  const queryClient = useQueryClient();
  const { clientId } = client;
  const [base, setBase] = useState(() => ({ version: client.version, values: valuesOf(client) }));
  const [conflict, setConflict] = useState<(Merge & { theirs: FieldValues }) | null>(null);

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
          throw new RequestError('not-found', 'Somebody has deleted this client meanwhile.');
        const theirs = valuesOf(oauthClient);
        const merged = merge(base.values, mine, theirs);
        setBase({ version: oauthClient.version, values: theirs });
        setConflict({ ...merged, theirs });
        for (const name of merged.taken) set(name, merged.values[name]);
        return false;
      }
    },
    onSuccess: async (isStored) => {
      await queryClient.invalidateQueries();
      if (isStored) onClose();
    },
  });
  const { values, set, faultOf, otherFaults } = useFields<FieldValues>(base.values, error);
  const changed = changedFields(base.values, values);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate(values);
  };
  return (
    <form onSubmit={submit} aria-label="Edit client">
      <Stack>
        {error && <Failed error={error} />}
        {otherFaults.map(([name, faults]) => (
          <Text key={name} c="red" size="sm">{`${name}: ${faults.join('; ')}`}</Text>
        ))}
        {conflict && (
          <Conflict
            conflict={conflict}
            values={values}
            onChoose={(name, value) => set(name, value)}
            mine={conflict.values}
          />
        )}
        <FieldInputs names={FIELD_NAMES} values={values} faultOf={faultOf} onChange={set} />
        <Group justify="flex-end" className="form-actions">
          <Text size="sm" c="dimmed" role="status">
            {changed.length === 0
              ? 'Nothing is changed'
              : `Changed: ${changed.map((name) => FIELDS[name].label).join(', ')}`}
          </Text>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={changed.length === 0}>
            {conflict ? 'Save the merged client' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface ConflictProps {
  conflict: Merge & { theirs: FieldValues };
  mine: FieldValues;
  values: FieldValues;
  onChoose: (name: FieldName, value: FieldValues[FieldName]) => void;
}

function Conflict({ conflict: { taken, disputed, theirs }, mine, values, onChoose }: ConflictProps) {
  const labels = (names: FieldName[]) => names.map((name) => FIELDS[name].label).join(', ');
  return (
    <Alert color="yellow" role="alert" title="Somebody else changed this client meanwhile">
      <Stack gap="sm">
        {taken.length > 0 && <Text size="sm">What only they changed is taken over: {labels(taken)}.</Text>}
        {disputed.length === 0 && (
          <Text size="sm">What you changed, they did not. Look, and save again.</Text>
        )}
        {disputed.map((name) => (
          <Radio.Group
            key={name}
            label={`${FIELDS[name].label}: changed by both`}
            value={values[name] === theirs[name] ? 'theirs' : 'mine'}
            onChange={(whose) => onChoose(name, whose === 'theirs' ? theirs[name] : mine[name])}
          >
            <Stack gap={4} mt={4}>
              <Radio value="mine" label={`Mine: ${shown(mine[name])}`} className="wrap-anywhere" />
              <Radio value="theirs" label={`Theirs: ${shown(theirs[name])}`} className="wrap-anywhere" />
            </Stack>
          </Radio.Group>
        ))}
      </Stack>
    </Alert>
  );
}

function shown(value: string | boolean | string[]): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const text = Array.isArray(value) ? value.join(', ') : value.replaceAll('\n', ', ');
  return text === '' ? 'nothing' : text;
}
