import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { OverviewDocument, type OverviewQuery } from '../../graphql/operations';
import { request } from '../../graphql/request';
import { Page } from '../../parts/page';
import { Section } from '../../parts/section';
import { Empty, Failed, Loading } from '../../parts/states';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';
import { serviceUrl } from '../../paths';
import { EventList } from '../audit/event-list';

/** Loaded later: its code is larger than the rest of the page. */
const ResultsChart = lazy(() => import('./results-chart'));

const DAYS = 30;
const MS_PER_DAY = 86_400_000;

export function Overview() {
  // Rounded to the minute, to keep the key of the query stable
  const [soon] = useState(() =>
    new Date(Math.floor(Date.now() / 60_000) * 60_000 + DAYS * MS_PER_DAY).toISOString(),
  );
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['overview', soon],
    queryFn: ({ signal }) => request(OverviewDocument, { soon, days: DAYS }, signal),
  });
  return (
    <Page title="Overview">
      {isPending && <Loading rows={12} />}
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {data && <Everything data={data} />}
    </Page>
  );
}

function Everything({ data }: { data: OverviewQuery }) {
  const { oauthClientStats: stats, expiringSecrets, apiKeys, auditEvents } = data;
  return (
    <>
      <div className="card-grid">
        <Section title="Clients">
          <Anchor
            fz="h1"
            fw={700}
            c="var(--mantine-color-text)"
            aria-label={`All ${stats.total} clients`}
            renderRoot={(props) => <Link to="/clients" {...props} />}
          >
            {stats.total.toLocaleString('en')}
          </Anchor>
        </Section>
        <Counts
          title="By type"
          counts={stats.byClientType.map(({ clientType, count }) => ({
            search: { clientType },
            label: clientType,
            count,
          }))}
        />
        <Counts
          title="By source"
          counts={stats.bySource.map(({ source, count }) => ({ search: { source }, label: source, count }))}
        />
        <Counts
          title="By status"
          counts={stats.byStatus.map(({ status, count }) => ({ search: { status }, label: status, count }))}
        />
      </div>
      <Results
        title="Registrations"
        days={data.registrationsPerDay}
        successes={['created', 'reused']}
        empty="No registrations yet. Software registers at"
        path="/v2/oauth/register"
      />
      <Results
        title="Client authentications"
        days={data.clientAuthentications}
        successes={['authenticated']}
        empty="No client has authenticated yet. Authorization servers send its credentials to"
        path="/v2/oauth/clients/authenticate"
      />
      <Results
        title="Issued tokens"
        days={data.tokensPerDay}
        successes={['authorization_code', 'client_credentials', 'refresh_token']}
        empty="No access token was issued yet. Clients get tokens at"
        path="/v2/oauth/token"
      />
      <div className="card-grid">
        <Section title={`Secrets that expire within ${DAYS} days: ${expiringSecrets.totalCount}`}>
          {expiringSecrets.nodes.length === 0 && <Empty>No secret expires in this period.</Empty>}
          {expiringSecrets.nodes.map(({ secret, client }) => (
            <Group key={secret.id} justify="space-between">
              <Anchor
                size="sm"
                renderRoot={(props) => (
                  <Link to="/clients/$clientId" params={{ clientId: client.clientId }} {...props} />
                )}
              >
                {client.name}
              </Anchor>
              <Text size="sm">
                …{secret.hint}, <When at={secret.expiresAt} />
              </Text>
            </Group>
          ))}
        </Section>
        <Section title={`API keys that expire within ${DAYS} days: ${apiKeys.totalCount}`}>
          {apiKeys.nodes.length === 0 && <Empty>No API key expires in this period.</Empty>}
          {apiKeys.nodes.map(({ id, name, hint, expiresAt }) => (
            <Group key={id} justify="space-between">
              <Text size="sm">{name}</Text>
              <Text size="sm">
                …{hint}, <When at={expiresAt} />
              </Text>
            </Group>
          ))}
        </Section>
      </div>
      <Section title="Recent activity">
        {auditEvents.nodes.length === 0 ? (
          <Empty>No activity yet.</Empty>
        ) : (
          <EventList events={auditEvents.nodes} />
        )}
      </Section>
    </>
  );
}

interface ResultsProps {
  title: string;
  days: OverviewQuery['registrationsPerDay'];
  successes: readonly string[];
  /** What is said where there is nothing to show, before the path. */
  empty: string;
  path: string;
}

/** Attempts or tokens per day by result. */
function Results({ title, days, successes, empty, path }: ResultsProps) {
  return (
    <Section title={`${title} in the last ${DAYS} days`}>
      {days.every(({ results }) => results.length === 0) ? (
        <Empty>
          {empty} <code>{path}</code>:{' '}
          <Anchor href={serviceUrl('docs')} target="_blank" rel="noreferrer" inherit underline="always">
            API documentation
          </Anchor>
        </Empty>
      ) : (
        <Suspense fallback={<Loading rows={6} />}>
          <ResultsChart label={`${title} per day`} days={days} successes={successes} />
        </Suspense>
      )}
    </Section>
  );
}

interface Count {
  /** The filter of the list that shows them. */
  search: object;
  label: string;
  count: number;
}

function Counts({ title, counts }: { title: string; counts: Count[] }) {
  return (
    <Section title={title}>
      <Stack gap={4}>
        {counts.map(({ search, label, count }) => (
          <Group key={label} justify="space-between">
            <Anchor size="sm" renderRoot={(props) => <Link to="/clients" search={search} {...props} />}>
              {inWords(label)}
            </Anchor>
            <Text size="sm">{count.toLocaleString('en')}</Text>
          </Group>
        ))}
      </Stack>
    </Section>
  );
}
