import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import {
  CreateKeyDocument,
  type KeyFragment,
  KeysDocument,
  RevokeKeyDocument,
  type Role,
} from '../../graphql/operations';
import { request } from '../../graphql/request';
import { ConfirmDialog } from '../../parts/confirm-dialog';
import { CredentialState, isEnded } from '../../parts/credential-state';
import { DataTable } from '../../parts/data-table';
import { Page } from '../../parts/page';
import { Pager } from '../../parts/pager';
import { ShownOnce } from '../../parts/shown-once';
import { Empty, Failed, Loading } from '../../parts/states';
import { inDays, useFields } from '../../parts/use-fields';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';
import { useViewer } from '../../session/session';
import { Dialog } from '../../parts/dialog';

const route = getRouteApi('/keys');
const PAGE_SIZE = 50;

export function Keys() {
  const { after } = route.useSearch();
  const navigate = route.useNavigate();
  const viewer = useViewer();
  const [isCreating, setIsCreating] = useState(false);
  const [revoking, setRevoking] = useState<KeyFragment | null>(null);
  const variables = { first: PAGE_SIZE, after: after ?? null };
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['keys', variables],
    queryFn: async ({ signal }) => (await request(KeysDocument, variables, signal)).apiKeys,
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title="API keys"
      actions={
        <Button size="xs" onClick={() => setIsCreating(true)}>
          New key
        </Button>
      }
    >
      {isPending && <Loading />}
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {data?.nodes.length === 0 && <Empty>There are no keys.</Empty>}
      {data && data.nodes.length > 0 && (
        <DataTable
          caption="API keys"
          rows={data.nodes}
          keyOf={({ id }) => id}
          columns={[
            {
              key: 'name',
              label: 'Name',
              show: ({ name, id }) => (id === viewer.apiKeyId ? `${name} (yours)` : name),
            },
            { key: 'hint', label: 'Ends with', show: ({ hint }) => <code>…{hint}</code> },
            { key: 'role', label: 'Role', show: ({ role }) => inWords(role) },
            { key: 'owner', label: 'Owner', show: ({ orgId, userId }) => `${userId} of ${orgId}` },
            { key: 'createdAt', label: 'Created', show: ({ createdAt }) => <When at={createdAt} /> },
            { key: 'lastUsedAt', label: 'Last used', show: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
            { key: 'state', label: 'State', show: (key) => <CredentialState {...key} /> },
            {
              key: 'actions',
              label: 'Actions',
              show: (key) =>
                !isEnded(key) && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="red"
                    aria-label={`Revoke ${key.name}`}
                    onClick={() => setRevoking(key)}
                  >
                    Revoke
                  </Button>
                ),
            },
          ]}
        />
      )}
      <Pager
        isBeyondFirst={after !== undefined}
        hasNextPage={data?.pageInfo.hasNextPage ?? false}
        onFirst={() => void navigate({ search: {} })}
        onNext={() => void navigate({ search: { after: data!.pageInfo.endCursor! } })}
      />
      {isCreating && <CreateKey onClose={() => setIsCreating(false)} />}
      {revoking && <RevokeKey apiKey={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

interface NewKey {
  name: string;
  orgId: string;
  userId: string;
  role: Role;
  /** Empty: without end. */
  days: string;
}

function CreateKey({ onClose }: { onClose: () => void }) {
  const { orgId, userId } = useViewer();
  const client = useQueryClient();
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: (input: NewKey) => {
      const { days, ...rest } = input;
      return request(CreateKeyDocument, { input: { ...rest, expiresAt: inDays(days) } });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['keys'] }),
  });
  const { values, bind, otherFaults } = useFields<NewKey>(
    { name: '', orgId, userId, role: 'MEMBER', days: '90' },
    error,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate(values);
  };
  return (
    <Dialog title="New API key" onClose={onClose}>
      {data ? (
        <Stack>
          <ShownOnce what="API key" value={data.createApiKey.value} />
          <Button onClick={onClose}>Done</Button>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack>
            {error && <Failed error={error} />}
            {otherFaults.map(([name, faults]) => (
              <Text key={name} c="red" size="sm">{`${name}: ${faults.join('; ')}`}</Text>
            ))}
            <TextInput label="Name" description="What it is for" required data-autofocus {...bind('name')} />
            <TextInput label="Organization" required {...bind('orgId')} />
            <TextInput label="User" required {...bind('userId')} />
            <NativeSelect
              label="Role"
              description="A member sees its own organization through REST; an admin sees everything."
              data={[
                { value: 'MEMBER', label: 'Member' },
                { value: 'ADMIN', label: 'Admin' },
              ]}
              {...bind('role')}
            />
            <TextInput
              label="Valid for days"
              description="Empty: without end"
              type="number"
              min={1}
              {...bind('days')}
            />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={isPending}>
                Create
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Dialog>
  );
}

function RevokeKey({ apiKey, onClose }: { apiKey: KeyFragment; onClose: () => void }) {
  const viewer = useViewer();
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => request(RevokeKeyDocument, { id: apiKey.id }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['keys'] });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Revoke ${apiKey.name}`}
      action="Revoke"
      isDangerous
      isPending={isPending}
      error={error}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <Text size="sm">
        Whoever calls with it is refused from now on; it cannot be taken back.
        {apiKey.id === viewer.apiKeyId && ' It is the key that you signed in with: your session ends, too.'}
      </Text>
    </ConfirmDialog>
  );
}
