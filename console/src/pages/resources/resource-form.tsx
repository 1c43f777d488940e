import { Button, Checkbox, Fieldset, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import {
  CreateResourceDocument,
  type ResourceFragment,
  UpdateResourceDocument,
} from '../../graphql/operations';
import { request } from '../../graphql/request';
import { Dialog } from '../../parts/dialog';
import { Form } from '../../parts/form';
import { useUnsavedChanges } from '../../parts/unsaved-changes';
import { useFields } from '../../parts/use-fields';
import type { EditableResource } from './resources';

interface TypedScope {
  name: string;
  title: string;
  description: string;
  restricted: boolean;
}

const LABELS = {
  name: 'Name',
  identifier: 'Identifier',
  tokenFormat: 'Token format',
  accessTokenLifetimeSeconds: 'Access token lifetime in seconds',
  scopes: 'Scopes',
};

const FORMATS = [
  { value: 'OPAQUE', label: 'Opaque: verified by introspection' },
  { value: 'JWT', label: 'JWT: verified with the published keys' },
];

const BLANK_SCOPE: TypedScope = { name: '', title: '', description: '', restricted: false };

const typedOf = (resource?: ResourceFragment) => ({
  name: resource?.name ?? '',
  identifier: resource?.identifier ?? '',
  tokenFormat: resource?.tokenFormat ?? 'OPAQUE',
  accessTokenLifetimeSeconds: String(resource?.accessTokenLifetimeSeconds ?? 3600),
  scopes: (resource?.scopes ?? []).map(({ title, description, ...scope }): TypedScope => ({
    ...scope,
    title: title ?? '',
    description: description ?? '',
  })),
});

/** A dialog that creates a resource, or edits the given one. */
export function ResourceForm({ resource, onClose }: { resource?: EditableResource; onClose: () => void }) {
  const client = useQueryClient();
  const saving = useMutation({
    mutationFn: async ({ scopes, accessTokenLifetimeSeconds, ...typed }: ReturnType<typeof typedOf>) => {
      const input = {
        ...typed,
        accessTokenLifetimeSeconds: Number(accessTokenLifetimeSeconds),
        scopes: scopes.map(({ title, description, ...scope }) => ({
          ...scope,
          title: title.trim() || null,
          description: description.trim() || null,
        })),
      };
      if (resource) await request(UpdateResourceDocument, { id: resource.id, input });
      else await request(CreateResourceDocument, { input });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['resources'] });
      onClose();
    },
  });
  const { isPending, error } = saving;
  const { values, set, bind, faultOf, faults, isChanged } = useFields(typedOf(resource), error, LABELS);
  const { close, isAsking, question } = useUnsavedChanges(isChanged, onClose);
  const title = resource ? `Edit ${resource.name}` : 'New resource';
  const { scopes } = values;
  return (
    <Dialog title={title} onClose={isPending || isAsking ? undefined : close}>
      <Form
        label={title}
        action={resource ? 'Save' : 'Create'}
        error={error}
        faults={faults}
        isPending={isPending}
        onSubmit={() => saving.mutate(values)}
        onCancel={close}
      >
        <TextInput required data-autofocus {...bind('name')} />
        <TextInput
          description="The URI that clients send as resource, such as https://api.example.com"
          required
          {...bind('identifier')}
        />
        <NativeSelect data={FORMATS} {...bind('tokenFormat')} />
        <TextInput type="number" min={60} max={86_400} required {...bind('accessTokenLifetimeSeconds')} />
        <Fieldset legend={LABELS.scopes} data-field="scopes">
          <Stack>
            <Text size="sm">
              {scopes.length === 0
                ? 'None: clients get the scopes that they registered or, once other resources define scopes, those.'
                : 'Clients get no other scopes for this resource.'}
            </Text>
            {scopes.map((scope, index) => (
              <ScopeInputs
                // Scopes are only added at the end, and have no id
                key={index}
                number={index + 1}
                scope={scope}
                onChange={(change) =>
                  set(
                    'scopes',
                    scopes.map((each, i) => (i === index ? { ...each, ...change } : each)),
                  )
                }
                onRemove={() =>
                  set(
                    'scopes',
                    scopes.filter((_, i) => i !== index),
                  )
                }
              />
            ))}
            {faultOf('scopes') && (
              <Text size="sm" c="red" role="alert">
                {faultOf('scopes')}
              </Text>
            )}
            <Group>
              <Button size="xs" variant="default" onClick={() => set('scopes', [...scopes, BLANK_SCOPE])}>
                Add a scope
              </Button>
            </Group>
          </Stack>
        </Fieldset>
      </Form>
      {question}
    </Dialog>
  );
}

interface ScopeInputsProps {
  /** From 1: as the service names it in an error. */
  number: number;
  scope: TypedScope;
  onChange: (change: Partial<TypedScope>) => void;
  onRemove: () => void;
}

function ScopeInputs({ number, scope, onChange, onRemove }: ScopeInputsProps) {
  const bind = (name: 'name' | 'title' | 'description') => ({
    value: scope[name],
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      onChange({ [name]: currentTarget.value }),
  });
  return (
    <Fieldset legend={`Scope ${number}`}>
      <Stack gap="xs">
        <TextInput label="Scope token" required {...bind('name')} />
        <TextInput label="Title for users" description="Empty: the scope token" {...bind('title')} />
        <TextInput label="Description for users" {...bind('description')} />
        <Group justify="space-between">
          <Checkbox
            label="Restricted to verified clients and clients of organizations"
            checked={scope.restricted}
            onChange={({ currentTarget }) => onChange({ restricted: currentTarget.checked })}
          />
          <Button size="compact-xs" variant="subtle" color="red" onClick={onRemove}>
            Remove scope {number}
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}
