import { Button, Group, Text } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import {
  ClientGrantsDocument,
  type ClientGrantsQuery,
  RevokeGrantDocument,
  RevokeGrantsDocument,
} from '../../graphql/operations';
import { request } from '../../graphql/request';
import { ConfirmDialog } from '../../parts/confirm-dialog';
import { DataTable } from '../../parts/data-table';
import { Pager } from '../../parts/pager';
import { pageVariables } from '../../parts/paging';
import { Empty, Failed, Loading } from '../../parts/states';
import { When } from '../../parts/when';
import { useMayChange } from '../../session/session';

const route = getRouteApi('/clients/$clientId');

type Grant = NonNullable<ClientGrantsQuery['oauthClient']>['grants']['nodes'][number];

/** What users allowed a client to do, page by page, and for an admin buttons to revoke one grant or all. */
export function Grants() {
  const mayChange = useMayChange();
  const { clientId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [revoking, setRevoking] = useState<Grant | 'all' | null>(null);
  const variables = { clientId, ...pageVariables(search) };
  const { data, error, isPlaceholderData, refetch } = useQuery({
    queryKey: ['grants', variables],
    queryFn: async ({ signal }) =>
      (await request(ClientGrantsDocument, variables, signal)).oauthClient?.grants ?? null,
    placeholderData: keepPreviousData,
  });
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  // Deleted meanwhile
  if (data === null) return null;
  const { nodes, totalCount } = data;
  if (totalCount === 0) {
    return (
      <Empty>No user has allowed the client. Users do so when its software sends them to sign in.</Empty>
    );
  }
  const close = () => setRevoking(null);
  return (
    <>
      <DataTable
        caption="Grants"
        rows={nodes}
        keyOf={({ id }) => id}
        columns={[
          { key: 'user', label: 'User', isText: true, show: ({ userId, orgId }) => `${userId} of ${orgId}` },
          {
            key: 'scopes',
            label: 'Scopes',
            isText: true,
            show: ({ scopes }) => (
              <>
                {scopes.map(({ resource, scopes: granted }) => (
                  <div key={resource}>
                    {granted.join(' ') || 'No scopes'} at <code>{resource}</code>
                  </div>
                ))}
              </>
            ),
          },
          { key: 'createdAt', label: 'Created', show: ({ createdAt }) => <When at={createdAt} /> },
          { key: 'lastUsedAt', label: 'Last used', show: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
          ...(mayChange
            ? [
                {
                  key: 'actions',
                  label: 'Actions',
                  show: (grant: Grant) => (
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      color="red"
                      aria-label={`Revoke the grant of ${grant.userId} of ${grant.orgId}`}
                      onClick={() => setRevoking(grant)}
                    >
                      Revoke
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
      <Pager
        search={search}
        shown={data}
        total={totalCount}
        isStale={isPlaceholderData}
        onChange={(change) => void navigate({ search: (before) => ({ ...before, ...change }) })}
      />
      {mayChange && (
        <Group mt="xs">
          <Button size="xs" variant="default" c="red" onClick={() => setRevoking('all')}>
            Revoke all grants
          </Button>
        </Group>
      )}
      {revoking === 'all' && (
        <Revoke
          title={`Revoke all grants: ${totalCount.toLocaleString('en')}`}
          revoke={() => revokeAll(clientId)}
          onClose={close}
        />
      )}
      {revoking !== null && revoking !== 'all' && (
        <Revoke
          title={`Revoke the grant of ${revoking.userId}`}
          revoke={() => request(RevokeGrantDocument, { id: revoking.id })}
          onClose={close}
        />
      )}
    </>
  );
}

async function revokeAll(clientId: string): Promise<void> {
  for (let hasMore = true; hasMore;) {
    const { revokeGrants } = await request(RevokeGrantsDocument, { clientId });
    hasMore = revokeGrants.hasMore;
  }
}

interface RevokeProps {
  title: string;
  revoke: () => Promise<unknown>;
  onClose: () => void;
}

function Revoke({ title, revoke, onClose }: RevokeProps) {
  const queryClient = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: revoke,
    onSuccess: onClose,
    // Some may be revoked when a later call fails
    onSettled: () => queryClient.invalidateQueries(),
  });
  return (
    <ConfirmDialog
      title={title}
      action="Revoke"
      isDangerous
      isPending={isPending}
      error={error}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <Text size="sm">Tokens end at once. The client has to ask the user again.</Text>
    </ConfirmDialog>
  );
}
