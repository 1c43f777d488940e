import { Button, Checkbox, Stack, Textarea, TextInput } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import {
  CreateTokenDocument,
  type GrantType,
  RevokeTokenDocument,
  type TokenFragment,
  TokensDocument,
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
import { inDays, lines, useFields } from '../../parts/use-fields';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';
import { useMayChange, useViewer } from '../../session/session';
import { GRANT_TYPES } from '../clients/clients-search';

const route = getRouteApi('/tokens');

export function Tokens() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayChange = useMayChange();
  const [isCreating, setIsCreating] = useState(false);
  const [revoking, setRevoking] = useState<TokenFragment | null>(null);
  const variables = pageVariables(search);
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery({
    queryKey: ['tokens', variables],
    queryFn: async ({ signal }) => (await request(TokensDocument, variables, signal)).initialAccessTokens,
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title="Initial access tokens"
      actions={
        mayChange && (
          <Button size="xs" onClick={() => setIsCreating(true)}>
            New token
          </Button>
        )
      }
    >
      {isPending && <Loading />}
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {data?.nodes.length === 0 && (
        <Empty>
          There are no initial access tokens.{' '}
          {mayChange && 'Create one to let software register without an API key.'}
        </Empty>
      )}
      {data && data.nodes.length > 0 && (
        <DataTable
          caption="Initial access tokens"
          rows={data.nodes}
          keyOf={({ id }) => id}
          columns={[
            { key: 'name', label: 'Name', isText: true, show: ({ name }) => name },
            { key: 'hint', label: 'Ends with', show: ({ hint }) => <code>…{hint}</code> },
            {
              key: 'registrations',
              label: 'Registrations',
              show: ({ registrations, maxRegistrations }) => `${registrations} of ${maxRegistrations}`,
            },
            {
              key: 'owner',
              label: 'Owner',
              isText: true,
              show: ({ orgId, userId }) => `${userId} of ${orgId}`,
            },
            { key: 'limits', label: 'Restrictions', isText: true, show: restrictionsOf },
            { key: 'createdAt', label: 'Created', show: ({ createdAt }) => <When at={createdAt} /> },
            { key: 'lastUsedAt', label: 'Last used', show: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
            { key: 'expiresAt', label: 'Expires', show: ({ expiresAt }) => <When at={expiresAt} /> },
            { key: 'state', label: 'Status', show: (token) => <CredentialState {...token} /> },
            ...(mayChange
              ? [
                  {
                    key: 'actions',
                    label: 'Actions',
                    show: (token: TokenFragment) =>
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
      {isCreating && <CreateToken onClose={() => setIsCreating(false)} />}
      {revoking && <RevokeToken token={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

/** The restrictions of a token as text. */
function restrictionsOf({ scopes, grantTypes, redirectHosts }: TokenFragment): string {
  const restrictions = [
    scopes && `scopes ${scopes.join(' ')}`,
    grantTypes && `grant types ${grantTypes.map(inWords).join(', ')}`,
    redirectHosts && `hosts ${redirectHosts.join(' ')}`,
  ].filter(Boolean);
  return restrictions.length === 0 ? 'None' : restrictions.join('; ');
}

const BLANK = {
  name: '',
  orgId: '',
  userId: '',
  maxRegistrations: '100',
  expiresAt: '90',
  scopes: '',
  grantTypes: [] as GrantType[],
  redirectHosts: '',
};

/** Empty: no restriction. */
const limit = (values: string[]) => (values.length === 0 ? null : values);

const LABELS = {
  name: 'Name',
  orgId: 'Organization',
  userId: 'User',
  maxRegistrations: 'Maximum registrations',
  expiresAt: 'Expires in days',
  scopes: 'Scopes',
  grantTypes: 'Grant types',
  redirectHosts: 'Redirect hosts',
};

function CreateToken({ onClose }: { onClose: () => void }) {
  const { orgId, userId } = useViewer();
  const client = useQueryClient();
  const creation = useMutation({
    mutationFn: (typed: typeof BLANK) =>
      request(CreateTokenDocument, {
        input: {
          name: typed.name,
          orgId: typed.orgId,
          userId: typed.userId,
          maxRegistrations: Number(typed.maxRegistrations),
          expiresAt: inDays(typed.expiresAt)!,
          scopes: limit(lines(typed.scopes)),
          grantTypes: typed.grantTypes.length === 0 ? null : typed.grantTypes,
          redirectHosts: limit(lines(typed.redirectHosts)),
        },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  const fields = useFields({ ...BLANK, orgId, userId }, creation.error, LABELS);
  const { values, set, bind, faultOf } = fields;
  return (
    <CreateCredential
      what="Initial access token"
      member="initial_access_token"
      value={creation.data?.createInitialAccessToken.value}
      creation={creation}
      fields={fields}
      onSubmit={() => creation.mutate(values)}
      onClose={onClose}
    >
      <TextInput description="What the token is used for" required data-autofocus {...bind('name')} />
      <TextInput description="The organization that will own the clients" required {...bind('orgId')} />
      <TextInput required {...bind('userId')} />
      <TextInput
        description="The token cannot be used for more registrations than this."
        type="number"
        min={1}
        required
        {...bind('maxRegistrations')}
      />
      <TextInput type="number" min={1} required {...bind('expiresAt')} />
      <Textarea
        description="Allowed scopes, one per line. Empty: any."
        autosize
        minRows={2}
        {...bind('scopes')}
      />
      <Checkbox.Group
        label="Grant types"
        data-field="grantTypes"
        description="Allowed grant types. None selected: any."
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
        description="Allowed hosts, one per line, such as localhost or *.example.com. Empty: any."
        autosize
        minRows={2}
        {...bind('redirectHosts')}
      />
    </CreateCredential>
  );
}

function RevokeToken({ token, onClose }: { token: TokenFragment; onClose: () => void }) {
  return (
    <ConfirmMutation
      title={`Revoke ${token.name}`}
      action="Revoke"
      mutate={() => request(RevokeTokenDocument, { id: token.id })}
      queryKey="tokens"
      onClose={onClose}
    >
      The token can no longer register clients. Its clients stay, and so do its restrictions on them.
    </ConfirmMutation>
  );
}
