import { Button, Checkbox, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import {
  CreateTokenDocument,
  type GrantType,
  RevokeTokenDocument,
  type TokenFragment,
  TokensDocument,
} from '../../graphql/operations';
import { request } from '../../graphql/request';
import { ConfirmDialog } from '../../parts/confirm-dialog';
import { CredentialState, isEnded } from '../../parts/credential-state';
import { DataTable } from '../../parts/data-table';
import { Page } from '../../parts/page';
import { Pager } from '../../parts/pager';
import { ShownOnce } from '../../parts/shown-once';
import { Empty, Failed, Loading } from '../../parts/states';
import { inDays, lines, useFields } from '../../parts/use-fields';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';
import { useViewer } from '../../session/session';
import { GRANT_TYPES } from '../clients/clients-search';
import { Dialog } from '../../parts/dialog';

const route = getRouteApi('/tokens');
const PAGE_SIZE = 50;

export function Tokens() {
  const { after } = route.useSearch();
  const navigate = route.useNavigate();
  const [isCreating, setIsCreating] = useState(false);
  const [revoking, setRevoking] = useState<TokenFragment | null>(null);
  const variables = { first: PAGE_SIZE, after: after ?? null };
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['tokens', variables],
    queryFn: async ({ signal }) => (await request(TokensDocument, variables, signal)).initialAccessTokens,
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title="Initial access tokens"
      actions={
        <Button size="xs" onClick={() => setIsCreating(true)}>
          New token
        </Button>
      }
    >
      {isPending && <Loading />}
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {data?.nodes.length === 0 && (
        <Empty>There are no initial access tokens. With one, software may register without an API key.</Empty>
      )}
      {data && data.nodes.length > 0 && (
        <DataTable
          caption="Initial access tokens"
          rows={data.nodes}
          keyOf={({ id }) => id}
          columns={[
            { key: 'name', label: 'Name', show: ({ name }) => name },
            { key: 'hint', label: 'Ends with', show: ({ hint }) => <code>…{hint}</code> },
            {
              key: 'registrations',
              label: 'Registrations',
              show: ({ registrations, maxRegistrations }) => `${registrations} of ${maxRegistrations}`,
            },
            { key: 'owner', label: 'Owner', show: ({ orgId, userId }) => `${userId} of ${orgId}` },
            { key: 'limits', label: 'Limits', show: limitsOf },
            { key: 'createdAt', label: 'Created', show: ({ createdAt }) => <When at={createdAt} /> },
            { key: 'lastUsedAt', label: 'Last used', show: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
            { key: 'state', label: 'State', show: (token) => <CredentialState {...token} /> },
            {
              key: 'actions',
              label: 'Actions',
              show: (token) =>
                !isEnded(token) && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="red"
                    aria-label={`Revoke ${token.name}`}
                    onClick={() => setRevoking(token)}
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
      {isCreating && <CreateToken onClose={() => setIsCreating(false)} />}
      {revoking && <RevokeToken token={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

/** What a token narrows, in words. */
function limitsOf({ scopes, grantTypes, redirectHosts }: TokenFragment): string {
  const limits = [
    scopes && `scopes ${scopes.join(' ')}`,
    grantTypes && `grants ${grantTypes.map(inWords).join(', ')}`,
    redirectHosts && `hosts ${redirectHosts.join(' ')}`,
  ].filter(Boolean);
  return limits.length === 0 ? 'none' : limits.join('; ');
}

const BLANK = {
  name: '',
  orgId: '',
  userId: '',
  maxRegistrations: '100',
  days: '90',
  scopes: '',
  grantTypes: [] as GrantType[],
  redirectHosts: '',
};

/** Nothing said: no limit. */
const limit = (values: string[]) => (values.length === 0 ? null : values);

function CreateToken({ onClose }: { onClose: () => void }) {
  const { orgId, userId } = useViewer();
  const client = useQueryClient();
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: (typed: typeof BLANK) =>
      request(CreateTokenDocument, {
        input: {
          name: typed.name,
          orgId: typed.orgId,
          userId: typed.userId,
          maxRegistrations: Number(typed.maxRegistrations),
          expiresAt: inDays(typed.days)!,
          scopes: limit(lines(typed.scopes)),
          grantTypes: typed.grantTypes.length === 0 ? null : typed.grantTypes,
          redirectHosts: limit(lines(typed.redirectHosts)),
        },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  const { values, set, bind, faultOf } = useFields({ ...BLANK, orgId, userId }, error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate(values);
  };
  return (
    <Dialog title="New initial access token" onClose={onClose}>
      {data ? (
        <Stack>
          <ShownOnce what="Initial access token" value={data.createInitialAccessToken.value} />
          <Button onClick={onClose}>Done</Button>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack>
            {error && <Failed error={error} />}
            <TextInput label="Name" description="What it is for" required data-autofocus {...bind('name')} />
            <TextInput
              label="Organization"
              description="Whose the clients will be"
              required
              {...bind('orgId')}
            />
            <TextInput label="User" required {...bind('userId')} />
            <TextInput
              label="Registrations"
              description="After so many it ends"
              type="number"
              min={1}
              required
              {...bind('maxRegistrations')}
            />
            <TextInput label="Valid for days" type="number" min={1} required {...bind('days')} />
            <Textarea
              label="Scopes"
              description="At most these, one a line; empty: any"
              autosize
              minRows={2}
              {...bind('scopes')}
            />
            <Checkbox.Group
              label="Grants"
              description="At most these; none: any"
              value={values.grantTypes}
              error={faultOf('grantTypes')}
              onChange={(chosen) => set('grantTypes', chosen)}
            >
              <Stack gap={4} mt={4}>
                {GRANT_TYPES.map((grant) => (
                  <Checkbox key={grant} value={grant} label={inWords(grant)} />
                ))}
              </Stack>
            </Checkbox.Group>
            <Textarea
              label="Redirect hosts"
              description="At most these, one a line, such as localhost or *.example.com; empty: any"
              autosize
              minRows={2}
              {...bind('redirectHosts')}
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

function RevokeToken({ token, onClose }: { token: TokenFragment; onClose: () => void }) {
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => request(RevokeTokenDocument, { id: token.id }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['tokens'] });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Revoke ${token.name}`}
      action="Revoke"
      isDangerous
      isPending={isPending}
      error={error}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <Text size="sm">
        Nobody registers with it any more. The clients that did stay, and so do its limits on them.
      </Text>
    </ConfirmDialog>
  );
}
