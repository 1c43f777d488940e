import { Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { DeleteResourceDocument, type ResourceFragment, ResourcesDocument } from '../../graphql/operations';
import { request } from '../../graphql/request';
import { ConfirmMutation } from '../../parts/confirm-mutation';
import { DataTable } from '../../parts/data-table';
import { Page } from '../../parts/page';
import { Section } from '../../parts/section';
import { Empty, Failed, Loading } from '../../parts/states';
import { When } from '../../parts/when';
import { useMayChange } from '../../session/session';
import { ResourceForm } from './resource-form';
import { SigningKeys } from './signing-keys';

/** A resource in the database: those of the configuration have no id. */
export type EditableResource = ResourceFragment & { id: string };

const isEditable = (resource: ResourceFragment): resource is EditableResource => resource.id !== null;

const FORMATS = { JWT: 'JWT', OPAQUE: 'Opaque' };

export function Resources() {
  const mayChange = useMayChange();
  const [isCreating, setIsCreating] = useState(false);
  const [editing, setEditing] = useState<EditableResource | null>(null);
  const [deleting, setDeleting] = useState<EditableResource | null>(null);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['resources'],
    queryFn: ({ signal }) => request(ResourcesDocument, {}, signal),
  });
  const actions = (resource: ResourceFragment) =>
    isEditable(resource) ? (
      <Group gap={4} wrap="nowrap">
        <Button
          size="compact-xs"
          variant="subtle"
          aria-label={`Edit ${resource.name}`}
          onClick={() => setEditing(resource)}
        >
          Edit
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          aria-label={`Delete ${resource.name}`}
          onClick={() => setDeleting(resource)}
        >
          Delete
        </Button>
      </Group>
    ) : (
      <Text size="xs">Configured</Text>
    );
  return (
    <Page
      title="Resources"
      actions={
        mayChange && (
          <Button size="xs" onClick={() => setIsCreating(true)}>
            New resource
          </Button>
        )
      }
    >
      <Text size="sm">
        The APIs that access tokens are issued for. Once a resource defines scopes, no other scopes are
        granted.
      </Text>
      {isPending && <Loading />}
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {data?.oauthResources.length === 0 && (
        <Empty>
          There are no resources: tokens are for the registry itself.{' '}
          {mayChange && 'Create one for each API that accepts tokens.'}
        </Empty>
      )}
      {data && data.oauthResources.length > 0 && (
        <DataTable
          caption="Resources"
          rows={data.oauthResources}
          keyOf={({ id, identifier }) => id ?? identifier}
          columns={[
            { key: 'name', label: 'Name', isText: true, show: ({ name }) => name },
            {
              key: 'identifier',
              label: 'Identifier',
              isText: true,
              show: ({ identifier }) => <code>{identifier}</code>,
            },
            { key: 'scopes', label: 'Scopes', isText: true, show: scopesOf },
            { key: 'tokenFormat', label: 'Tokens', show: ({ tokenFormat }) => FORMATS[tokenFormat] },
            {
              key: 'lifetime',
              label: 'Lifetime',
              show: ({ accessTokenLifetimeSeconds: seconds }) => `${seconds.toLocaleString('en')} s`,
            },
            {
              key: 'updatedAt',
              label: 'Updated',
              show: ({ updatedAt }) => <When at={updatedAt} never="–" />,
            },
            ...(mayChange ? [{ key: 'actions', label: 'Actions', show: actions }] : []),
          ]}
        />
      )}
      {data && (
        <Section title="Signing keys">
          <SigningKeys keys={data.signingKeys} />
        </Section>
      )}
      {isCreating && <ResourceForm onClose={() => setIsCreating(false)} />}
      {editing && <ResourceForm resource={editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteResource resource={deleting} onClose={() => setDeleting(null)} />}
    </Page>
  );
}

const scopesOf = ({ scopes }: ResourceFragment): string =>
  scopes.length === 0
    ? 'Any'
    : scopes.map(({ name, restricted }) => (restricted ? `${name} (restricted)` : name)).join(', ');

function DeleteResource({ resource, onClose }: { resource: EditableResource; onClose: () => void }) {
  return (
    <ConfirmMutation
      title={`Delete ${resource.name}`}
      action="Delete"
      mutate={() => request(DeleteResourceDocument, { id: resource.id })}
      queryKey="resources"
      onClose={onClose}
    >
      No tokens are issued for the resource any more. Issued access tokens stay valid until they expire.
    </ConfirmMutation>
  );
}
