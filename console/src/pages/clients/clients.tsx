import { ActionIcon, Button, Group, Menu, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ClientCountDocument, ClientsDocument, type ClientRowFragment } from '../../graphql/operations';
import { request } from '../../graphql/request';
import { DataTable } from '../../parts/data-table';
import { Page } from '../../parts/page';
import { Pager } from '../../parts/pager';
import { FIRST_PAGE, pageVariables } from '../../parts/paging';
import { Empty, Failed, Loading } from '../../parts/states';
import { useMayChange } from '../../session/session';
import { BulkDialog, clients as clientsInWords, type BulkAction, type Done, DoneAlert } from './bulk';
import { type ClientsSearch, DEFAULT_COLUMNS, filterOf, orderOf } from './clients-search';
import { COLUMNS, ORDER_OF_COLUMN } from './columns';
import { ExportDialog } from './export-dialog';
import { ColumnChoice, Filters } from './filters';

const route = getRouteApi('/clients');
/** Counting reads every row, so that it is not repeated for each page. */
const COUNT_STALE_MS = 60_000;
const NOTHING: ReadonlySet<string> = new Set();

/** An action to be confirmed: on the selected clients or, if `ids` is null, on all that match. */
interface Intent {
  action: BulkAction;
  ids: readonly string[] | null;
}

export function Clients() {
  const mayChange = useMayChange();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [selected, setSelected] = useState(NOTHING);
  const [intent, setIntent] = useState<Intent | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const [isSaving, setIsSaving] = useState(false);

  const filter = filterOf(search);
  const order = orderOf(search);
  const variables = { ...pageVariables(search), filter, orderBy: order };
  const page = useQuery({
    queryKey: ['clients', variables],
    queryFn: async ({ signal }) => (await request(ClientsDocument, variables, signal)).oauthClients,
    placeholderData: keepPreviousData,
  });
  const count = useQuery({
    queryKey: ['clients', 'count', filter],
    queryFn: async ({ signal }) =>
      (await request(ClientCountDocument, { filter }, signal)).oauthClients.totalCount,
    staleTime: COUNT_STALE_MS,
    // After the page: counting a million clients takes the database longer
    enabled: page.isSuccess && !page.isPlaceholderData,
  });

  /** A new filter or order starts at the first page. */
  const show = (change: Partial<ClientsSearch>) => {
    setSelected(NOTHING);
    void navigate({ search: (before) => ({ ...before, ...FIRST_PAGE, ...change }) });
  };
  const shown = search.columns?.split(',') ?? DEFAULT_COLUMNS;
  const rows = page.data?.nodes ?? [];
  const nameOf = (id: string) => rows.find(({ clientId }) => clientId === id)?.name ?? id;
  const bulkActions = bulkActionsOf(mayChange, search.deleted);
  const actions = {
    key: 'actions',
    label: 'Actions',
    show: (client: ClientRowFragment) => (
      <RowMenu client={client} onIntent={(action) => setIntent({ action, ids: [client.clientId] })} />
    ),
  };

  return (
    <Page
      title="Clients"
      actions={
        <>
          <ColumnChoice
            shown={shown}
            onChange={(keys) =>
              void navigate({ search: (before) => ({ ...before, columns: keys.join(',') }) })
            }
          />
          <Button variant="default" size="xs" onClick={() => setIsSaving(true)}>
            Save as CSV
          </Button>
          {mayChange && (
            <Button size="xs" renderRoot={(props) => <Link to="/clients/new" {...props} />}>
              New client
            </Button>
          )}
        </>
      }
    >
      <Filters search={search} onChange={show} />
      {done && <DoneAlert key={JSON.stringify(done)} done={done} onClose={() => setDone(null)} />}
      <Group justify="space-between">
        <Text size="sm" role="status">
          {selected.size > 0
            ? `${clientsInWords(selected.size)} selected`
            : count.data === undefined
              ? ' '
              : clientsInWords(count.data)}
        </Text>
        <Group gap="xs">
          {bulkActions.map((action) => (
            <Button
              key={action}
              size="xs"
              variant="default"
              disabled={selected.size === 0}
              onClick={() => setIntent({ action, ids: [...selected] })}
            >
              {VERBS[action]} selected
            </Button>
          ))}
          {mayChange && Object.keys(filter).length > 0 && !search.deleted && (
            <Menu>
              <Menu.Target>
                <Button size="xs" variant="default">
                  All matching
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {bulkActions.map((action) => (
                  <Menu.Item key={action} onClick={() => setIntent({ action, ids: null })}>
                    {VERBS[action]} all matching
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )}
        </Group>
      </Group>
      {page.isPending && <Loading rows={10} />}
      {page.error && <Failed error={page.error} onRetry={() => void page.refetch()} />}
      {page.data && rows.length === 0 && (
        <Empty>
          {Object.keys(filter).length > 0
            ? 'No client matches. Remove a filter or, to find deleted clients, select “Deleted”.'
            : `There are no clients yet.${mayChange ? ' Create one with “New client”.' : ''}`}
        </Empty>
      )}
      {rows.length > 0 && (
        <DataTable
          caption="Clients"
          columns={[...COLUMNS.filter(({ key }) => shown.includes(key)), ...(mayChange ? [actions] : [])]}
          rows={rows}
          keyOf={({ clientId }) => clientId}
          isStale={page.isPlaceholderData}
          selection={mayChange ? { keys: selected, onChange: setSelected, labelOf: nameOf } : undefined}
          sorting={{
            key: Object.keys(ORDER_OF_COLUMN).find((key) => ORDER_OF_COLUMN[key] === order.field)!,
            isAscending: order.direction === 'ASC',
            onSort: (key) => {
              const isHere = ORDER_OF_COLUMN[key] === order.field;
              const isAscending = isHere ? order.direction === 'DESC' : key === 'name';
              show({ order: ORDER_OF_COLUMN[key], direction: isAscending ? 'ASC' : 'DESC' });
            },
          }}
        />
      )}
      <Pager
        search={search}
        shown={page.data}
        total={count.data}
        isStale={page.isPlaceholderData}
        onChange={show}
      />
      {intent && (
        <BulkDialog
          {...intent}
          filter={filter}
          onClose={() => setIntent(null)}
          onDone={(what) => {
            setDone(what);
            setIntent(null);
            setSelected(NOTHING);
          }}
        />
      )}
      {isSaving && (
        <ExportDialog filter={filter} order={order} total={count.data} onClose={() => setIsSaving(false)} />
      )}
    </Page>
  );
}

/** What may be done with several clients at once. */
function bulkActionsOf(mayChange: boolean, isDeleted: boolean | undefined): BulkAction[] {
  if (!mayChange) return [];
  return isDeleted ? ['restore'] : ['disable', 'enable', 'delete'];
}

const VERBS: Record<BulkAction, string> = {
  disable: 'Disable',
  enable: 'Enable',
  delete: 'Delete',
  restore: 'Restore',
};

function RowMenu({
  client,
  onIntent,
}: {
  client: ClientRowFragment;
  onIntent: (action: BulkAction) => void;
}) {
  const { clientId, name, status, deletedAt } = client;
  const bulkActions: BulkAction[] =
    deletedAt !== null ? ['restore'] : [status === 'ACTIVE' ? 'disable' : 'enable', 'delete'];
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" aria-label={`Actions for ${name}`}>
          <span aria-hidden>⋯</span>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item renderRoot={(props) => <Link to="/clients/$clientId" params={{ clientId }} {...props} />}>
          Open
        </Menu.Item>
        {bulkActions.map((action) => (
          <Menu.Item
            key={action}
            color={action === 'delete' ? 'red' : undefined}
            onClick={() => onIntent(action)}
          >
            {VERBS[action]}…
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
