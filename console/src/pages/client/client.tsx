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
import { StandingBadges } from '../../parts/badges';
import { ConfirmDialog } from '../../parts/confirm-dialog';
import { Page } from '../../parts/page';
import { Section } from '../../parts/section';
import { Empty, Failed, Loading } from '../../parts/states';
import { EventList } from '../audit/event-list';
import { EditForm } from './edit-form';
import { Facts } from './facts';
import { Secrets } from './secrets';

const route = getRouteApi('/clients/$clientId');

export function ClientPage() {
  const { clientId } = route.useParams();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['client', clientId],
    queryFn: async ({ signal }) => {
      const { oauthClient } = await request(ClientDocument, { clientId }, signal);
      if (oauthClient !== null) return oauthClient;
      const { oauthClients } = await request(DeletedClientDocument, { clientId }, signal);
      const [deleted] = oauthClients.nodes;
      if (deleted === undefined)
        throw new RequestError('not-found', 'There is no client by that ID, or it is gone for good.');
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
    <Page key={clientId} title={data.name} actions={<Actions client={data} />}>
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      <StandingBadges {...data} />
      <Details client={data} />
      {data.tokenEndpointAuthMethod.startsWith('CLIENT_SECRET') && secrets && (
        <Section title="Secrets">
          <Secrets clientId={clientId} secrets={secrets.nodes} hasMore={secrets.pageInfo.hasNextPage} />
        </Section>
      )}
      {history && (
        <Section title="History">
          {history.nodes.length === 0 ? (
            <Empty>Nothing is kept.</Empty>
          ) : (
            <EventList events={history.nodes} isAboutOne />
          )}
          {history.pageInfo.hasNextPage && (
            <Anchor size="sm" renderRoot={(props) => <Link to="/audit" search={{ clientId }} {...props} />}>
              All of it
            </Anchor>
          )}
        </Section>
      )}
    </Page>
  );
}

function Details({ client }: { client: ClientDetailsFragment }) {
  const [isEditing, setIsEditing] = useState(false);
  const edit = (
    <Button size="xs" variant="default" onClick={() => setIsEditing(true)}>
      Edit
    </Button>
  );
  return (
    <Section title="Details" action={!isEditing && client.deletedAt === null && edit}>
      {isEditing ? (
        <EditForm client={client} onClose={() => setIsEditing(false)} />
      ) : (
        <Facts client={client} />
      )}
    </Section>
  );
}

interface Deed {
  label: string;
  /** What it means for the client. */
  about: string;
  isDangerous?: boolean;
  perform: () => Promise<unknown>;
}

function deedsOf({ clientId, version, status, verified, deletedAt }: ClientDetailsFragment): Deed[] {
  const seen = { clientId, version };
  if (deletedAt !== null) {
    return [
      {
        label: 'Restore',
        about: 'It comes back with its secrets and its registration access token.',
        perform: () => request(RestoreClientDocument, { clientId }),
      },
    ];
  }
  return [
    status === 'ACTIVE'
      ? {
          label: 'Disable',
          about:
            'It cannot be used until it is enabled again. It keeps everything, and its owner sees that it is disabled.',
          isDangerous: true,
          perform: () => request(DisableClientDocument, seen),
        }
      : {
          label: 'Enable',
          about: 'It can be used again.',
          perform: () => request(EnableClientDocument, seen),
        },
    verified
      ? {
          label: 'Take verification away',
          about: 'Nobody vouches for it any more.',
          perform: () => request(VerifyClientDocument, { ...seen, verified: false }),
        }
      : {
          label: 'Verify',
          about:
            'You vouch that it is what it says. Whoever else changes its name or addresses takes that away.',
          perform: () => request(VerifyClientDocument, { ...seen, verified: true }),
        },
    {
      label: 'Delete',
      about: 'It is gone from every door at once. It can be restored for a while.',
      isDangerous: true,
      perform: () => request(DeleteClientDocument, seen),
    },
  ];
}

function Actions({ client }: { client: ClientDetailsFragment }) {
  const queryClient = useQueryClient();
  const [label, setLabel] = useState<string | null>(null);
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: (deed: Deed) => deed.perform(),
    onSuccess: async () => {
      await queryClient.invalidateQueries();
      close();
    },
    // Somebody else was faster: the client as it is now is shown behind the dialog
    onError: () => void queryClient.invalidateQueries({ queryKey: ['client', client.clientId] }),
  });
  const close = () => {
    reset();
    setLabel(null);
  };
  const deeds = deedsOf(client);
  const deed = deeds.find((deed) => deed.label === label);
  return (
    <>
      {deeds.map(({ label, isDangerous }) => (
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
      {deed && (
        <ConfirmDialog
          title={`${deed.label}: ${client.name}`}
          action={deed.label}
          isDangerous={deed.isDangerous}
          isPending={isPending}
          error={error}
          onConfirm={() => mutate(deed)}
          onClose={close}
        >
          <Text size="sm">{deed.about}</Text>
        </ConfirmDialog>
      )}
    </>
  );
}
