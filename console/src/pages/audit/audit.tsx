import { Group, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { AuditEventsDocument, type AuditEventFilter } from '../../graphql/operations';
import { request } from '../../graphql/request';
import { Page } from '../../parts/page';
import { Pager } from '../../parts/pager';
import { FIRST_PAGE, pageVariables } from '../../parts/paging';
import { withoutBlanks } from '../../parts/search';
import { Empty, Failed, Loading } from '../../parts/states';
import { ChoiceFilter } from '../../parts/choice-filter';
import { TypedText } from '../../parts/typed-text';
import { ACTIONS, ACTOR_TYPES, type AuditSearch, CHANNELS } from './audit-search';
import { EventList } from './event-list';

const route = getRouteApi('/audit');

const CHOICES = [
  { name: 'action', label: 'Action', values: ACTIONS },
  { name: 'actorType', label: 'Actor', values: ACTOR_TYPES },
  { name: 'channel', label: 'Channel', values: CHANNELS },
] as const;
const DAYS = [
  { name: 'since', label: 'From day (UTC)' },
  { name: 'until', label: 'To day (UTC)' },
] as const;
const IDS = [
  { name: 'clientId', label: 'Client ID' },
  { name: 'actorId', label: 'Actor ID' },
] as const;

/** Days are in UTC, and both are included. */
function filterOf({ since, until, size, page, after, before, ...rest }: AuditSearch): AuditEventFilter {
  const dayAfter = until && new Date(Date.parse(until) + 86_400_000).toISOString();
  return withoutBlanks({ ...rest, since: since && `${since}T00:00:00Z`, until: dayAfter });
}

export function Audit() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const variables = { ...pageVariables(search), filter: filterOf(search) };
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery({
    queryKey: ['audit', variables],
    queryFn: async ({ signal }) => (await request(AuditEventsDocument, variables, signal)).auditEvents,
    placeholderData: keepPreviousData,
  });
  const show = (change: Partial<AuditSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...FIRST_PAGE, ...change }) });
  return (
    <Page title="Audit log">
      <Group component="search" align="flex-end" gap="xs" aria-label="Filter events">
        {CHOICES.map(({ name, label, values }) => (
          <ChoiceFilter
            key={name}
            label={label}
            values={values as readonly string[]}
            value={search[name]}
            onChange={(value) => show({ [name]: value })}
          />
        ))}
        {DAYS.map(({ name, label }) => (
          <TextInput
            key={name}
            type="date"
            label={label}
            value={search[name] ?? ''}
            onChange={({ currentTarget: { value } }) => show({ [name]: value || undefined })}
          />
        ))}
        {IDS.map(({ name, label }) => (
          <TypedText
            key={name}
            label={label}
            value={search[name]}
            onChange={(value) => show({ [name]: value })}
          />
        ))}
      </Group>
      {isPending && <Loading rows={10} />}
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {data?.nodes.length === 0 && <Empty>No events match. Remove a filter or choose other days.</Empty>}
      {data && <EventList events={data.nodes} />}
      <Pager search={search} shown={data} isStale={isPlaceholderData} onChange={show} />
    </Page>
  );
}
