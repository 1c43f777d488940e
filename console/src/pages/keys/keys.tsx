import { Button, NativeSelect, TextInput } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import {
  CreateKeyDocument,
  type KeyFragment,
  KeysDocument,
  RevokeKeyDocument,
  type Role,
} from '../../graphql/operations';
import { request } from '../../graphql/request';
import { ConfirmMutation } from '../../parts/confirm-mutation';
import { CreateCredential } from '../../parts/create-credential';
import { CredentialState, isEnded } from '../../parts/credential-state';
import { DataTable } from '../../parts/data-table';
import { Page } from '../../parts/page';
import { Pager } from '../../parts/pager';
import { pageVariables } from '../../parts/paging';
import { Empty, Failed, Loading } from '../../parts/states';
import { inDays, useFields } from '../../parts/use-fields';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';
import { useMayChange, useViewer } from '../../session/session';

const route = getRouteApi('/keys');

export function Keys() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const viewer = useViewer();
  const mayChange = useMayChange();
  const [isCreating, setIsCreating] = useState(false);
  const [revoking, setRevoking] = useState<KeyFragment | null>(null);
  const variables = pageVariables(search);
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery({
    queryKey: ['keys', variables],
    queryFn: async ({ signal }) => (await request(KeysDocument, variables, signal)).apiKeys,
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title="API keys"
      actions={
        mayChange && (
          <Button size="xs" onClick={() => setIsCreating(true)}>
            New key
          </Button>
        )
      }
    >
      {isPending && <Loading />}
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {data?.nodes.length === 0 && (
        <Empty>There are no API keys. {mayChange && 'Create one with “New key”.'}</Empty>
      )}
      {data && data.nodes.length > 0 && (
        <DataTable
          caption="API keys"
          rows={data.nodes}
          keyOf={({ id }) => id}
          columns={[
            {
              key: 'name',
              label: 'Name',
              isText: true,
              show: ({ name, id }) => (id === viewer.apiKeyId ? `${name} (this session)` : name),
            },
            { key: 'hint', label: 'Ends with', show: ({ hint }) => <code>…{hint}</code> },
            { key: 'role', label: 'Role', show: ({ role }) => inWords(role) },
            {
              key: 'owner',
              label: 'Owner',
              isText: true,
              show: ({ orgId, userId }) => `${userId} of ${orgId}`,
            },
            { key: 'createdAt', label: 'Created', show: ({ createdAt }) => <When at={createdAt} /> },
            { key: 'lastUsedAt', label: 'Last used', show: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
            { key: 'expiresAt', label: 'Expires', show: ({ expiresAt }) => <When at={expiresAt} /> },
            { key: 'state', label: 'Status', show: (key) => <CredentialState {...key} /> },
            ...(mayChange
              ? [
                  {
                    key: 'actions',
                    label: 'Actions',
                    show: (key: KeyFragment) =>
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
                ]
              : []),
          ]}
        />
      )}
      <Pager
        search={search}
        shown={data}
        total={data?.totalCount}
        isStale={isPlaceholderData}
        onChange={(change) => void navigate({ search: (before) => ({ ...before, ...change }) })}
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
  /** In so many days; empty: never. */
  expiresAt: string;
}

const LABELS = {
  name: 'Name',
  orgId: 'Organization',
  userId: 'User',
  role: 'Role',
  expiresAt: 'Expires in days',
};

/** What each role may do. */
const ROLES: Record<Role, string> = {
  MEMBER: 'Manages the clients of its organization by REST, and registers clients for it.',
  VIEWER: 'Reads everything by GraphQL and in the console, across organizations. Changes nothing.',
  SERVICE:
    'For authorization servers: authenticates clients of any organization, gets them by ID, and reports their use.',
  ADMIN: 'Manages everything, across organizations.',
};

function CreateKey({ onClose }: { onClose: () => void }) {
  const { orgId, userId } = useViewer();
  const client = useQueryClient();
  const creation = useMutation({
    mutationFn: (input: NewKey) =>
      request(CreateKeyDocument, { input: { ...input, expiresAt: inDays(input.expiresAt) } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['keys'] }),
  });
  const fields = useFields<NewKey>(
    { name: '', orgId, userId, role: 'MEMBER', expiresAt: '90' },
    creation.error,
    LABELS,
  );
  const { values, bind } = fields;
  return (
    <CreateCredential
      what="API key"
      member="api_key"
      value={creation.data?.createApiKey.value}
      creation={creation}
      fields={fields}
      onSubmit={() => creation.mutate(values)}
      onClose={onClose}
    >
      <TextInput description="What the key is used for" required data-autofocus {...bind('name')} />
      <TextInput required {...bind('orgId')} />
      <TextInput required {...bind('userId')} />
      <NativeSelect
        description={ROLES[values.role]}
        data={Object.keys(ROLES).map((value) => ({ value, label: inWords(value) }))}
        {...bind('role')}
      />
      <TextInput description="Empty: never expires" type="number" min={1} {...bind('expiresAt')} />
    </CreateCredential>
  );
}

function RevokeKey({ apiKey, onClose }: { apiKey: KeyFragment; onClose: () => void }) {
  const viewer = useViewer();
  return (
    <ConfirmMutation
      title={`Revoke ${apiKey.name}`}
      action="Revoke"
      mutate={() => request(RevokeKeyDocument, { id: apiKey.id })}
      queryKey="keys"
      onClose={onClose}
    >
      Requests with this key are rejected from now on. This cannot be undone.
      {apiKey.id === viewer.apiKeyId && ' You signed in with this key: your session ends, too.'}
    </ConfirmMutation>
  );
}
