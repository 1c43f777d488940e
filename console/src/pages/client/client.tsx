import { Anchor, Button, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import {
  type ClientDetailsFragment,
  ClientDocument,
  DeleteClientDocument,
  DeletedClientDocument,
  DisableClientDocument,
  EnableClientDocument,
  RestoreClientDocument,
  VerifyClientDocument,
} from '../../graphql/operations';
import { request, RequestError } from '../../graphql/request';
import { StatusBadges } from '../../parts/badges';
import { ConfirmDialog } from '../../parts/confirm-dialog';
import { Page } from '../../parts/page';
import { Section } from '../../parts/section';
import { Empty, Failed, Loading } from '../../parts/states';
import { useMayChange } from '../../session/session';
import { EventList } from '../audit/event-list';
import { EditForm } from './edit-form';
import { Facts } from './facts';
import { Grants } from './grants';
import { Secrets } from './secrets';

const route = getRouteApi('/clients/$clientId');

export function ClientPage() {
  const mayChange = useMayChange();
  const { clientId } = route.useParams();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['client', clientId],
    queryFn: async ({ signal }) => {
      const { oauthClient } = await request(ClientDocument, { clientId }, signal);
      if (oauthClient !== null) return oauthClient;
      const { oauthClients } = await request(DeletedClientDocument, { clientId }, signal);
      const [deleted] = oauthClients.nodes;
      if (deleted === undefined)
        throw new RequestError('not-found', 'No client has this ID, or it was purged. Check the ID.');
      return { ...deleted, secrets: null, history: null };
    },
  });
  if (data === undefined) {
    return (
      <Page title="Client">
        {isPending ? <Loading rows={12} /> : <Failed error={error} onRetry={() => void refetch()} />}
      </Page>
    );
  }
  const { secrets, history } = data;
  return (
    <Page key={clientId} title={data.name} actions={mayChange && <Actions client={data} />}>
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      <StatusBadges {...data} />
      {data.disabledReason !== null && (
        <Text size="sm">
          Disabled because its software statement has expired. A new statement enables the client again.
        </Text>
      )}
      <Details client={data} />
      {data.tokenEndpointAuthMethod.startsWith('CLIENT_SECRET') && secrets && (
        <Section title="Secrets">
          <Secrets clientId={clientId} secrets={secrets.nodes} hasMore={secrets.pageInfo.hasNextPage} />
        </Section>
      )}
      {data.allowedGrantTypes.includes('AUTHORIZATION_CODE') && data.deletedAt === null && (
        <Section title="Grants">
          <Grants />
        </Section>
      )}
      {history && (
        <Section title="History">
          {history.nodes.length === 0 ? (
            <Empty>No events within the retention period of the audit log.</Empty>
          ) : (
            <EventList events={history.nodes} isAboutOne />
          )}
          {history.pageInfo.hasNextPage && (
            <Anchor size="sm" renderRoot={(props) => <Link to="/audit" search={{ clientId }} {...props} />}>
              Show all events
            </Anchor>
          )}
        </Section>
      )}
    </Page>
  );
}

function Details({ client }: { client: ClientDetailsFragment }) {
  const mayChange = useMayChange();
  const [isEditing, setIsEditing] = useState(false);
  const edit = (
    <Button size="xs" variant="default" onClick={() => setIsEditing(true)}>
      Edit
    </Button>
  );
  return (
    <Section title="Details" action={mayChange && !isEditing && client.deletedAt === null && edit}>
      {isEditing ? (
        <EditForm client={client} onClose={() => setIsEditing(false)} />
      ) : (
        <Facts client={client} />
      )}
    </Section>
  );
}

interface ClientAction {
  label: string;
  /** Its effect on the client. */
  about: string;
  isDangerous?: boolean;
  perform: () => Promise<unknown>;
}

function actionsOf({
  clientId,
  version,
  status,
  verified,
  deletedAt,
}: ClientDetailsFragment): ClientAction[] {
  const seen = { clientId, version };
  if (deletedAt !== null) {
    return [
      {
        label: 'Restore',
        about: 'The client comes back with its secrets and its registration access token.',
        perform: () => request(RestoreClientDocument, { clientId }),
      },
    ];
  }
  return [
    status === 'ACTIVE'
      ? {
          label: 'Disable',
          about:
            'The client cannot be used until it is enabled again. It keeps its data, and its owner sees the status.',
          isDangerous: true,
          perform: () => request(DisableClientDocument, seen),
        }
      : {
          label: 'Enable',
          about: 'The client can be used again.',
          perform: () => request(EnableClientDocument, seen),
        },
    verified
      ? {
          label: 'Remove verification',
          about: 'The client is no longer marked as verified.',
          perform: () => request(VerifyClientDocument, { ...seen, verified: false }),
        }
      : {
          label: 'Verify',
          about:
            'Marks the client as verified after a review. An update by its owner or by its software removes the mark.',
          perform: () => request(VerifyClientDocument, { ...seen, verified: true }),
        },
    {
      label: 'Delete',
      about: 'All interfaces stop showing it at once. You can restore it until it is purged.',
      isDangerous: true,
      perform: () => request(DeleteClientDocument, seen),
    },
  ];
}

function Actions({ client }: { client: ClientDetailsFragment }) {
  const queryClient = useQueryClient();
  const [label, setLabel] = useState<string | null>(null);
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: (action: ClientAction) => action.perform(),
    onSuccess: async () => {
      await queryClient.invalidateQueries();
      close();
    },
    // On a conflict, the page behind the dialog shows the current client
    onError: () => void queryClient.invalidateQueries({ queryKey: ['client', client.clientId] }),
  });
  const close = () => {
    reset();
    setLabel(null);
  };
  const actions = actionsOf(client);
  const action = actions.find((action) => action.label === label);
  return (
    <>
      {actions.map(({ label, isDangerous }) => (
        <Button
          key={label}
          size="xs"
          variant="default"
          c={isDangerous ? 'red' : undefined}
          onClick={() => setLabel(label)}
        >
          {label}
        </Button>
      ))}
      {action && (
        <ConfirmDialog
          title={`${action.label}: ${client.name}`}
          action={action.label}
          isDangerous={action.isDangerous}
          isPending={isPending}
          error={error}
          onConfirm={() => mutate(action)}
          onClose={close}
        >
          <Text size="sm">{action.about}</Text>
        </ConfirmDialog>
      )}
    </>
  );
}
