import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ClientRowFragment } from '../../graphql/operations';
import { StatusBadges } from '../../parts/badges';
import { csvList } from '../../parts/csv-line';
import type { Column } from '../../parts/data-table';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';
import type { ORDER_FIELDS } from './clients-search';

interface ClientColumn extends Column<ClientRowFragment> {
  /** Its value in a CSV file. */
  plain: (client: ClientRowFragment) => string;
}

/** The columns of the list of clients, on the page and in a CSV file. */
export const COLUMNS: readonly ClientColumn[] = [
  {
    key: 'name',
    label: 'Name',
    isText: true,
    isSortable: true,
    plain: ({ name }) => name,
    show: ({ clientId, name }) => (
      <Anchor
        size="sm"
        renderRoot={(props) => <Link to="/clients/$clientId" params={{ clientId }} {...props} />}
      >
        {name}
      </Anchor>
    ),
  },
  {
    key: 'clientId',
    label: 'Client ID',
    plain: ({ clientId }) => clientId,
    show: ({ clientId }) => <code>{clientId}</code>,
  },
  {
    key: 'clientType',
    label: 'Type',
    plain: ({ clientType }) => clientType,
    show: ({ clientType }) => inWords(clientType),
  },
  { key: 'source', label: 'Source', plain: ({ source }) => source, show: ({ source }) => inWords(source) },
  {
    key: 'status',
    label: 'Status',
    plain: ({ status, deletedAt }) => (deletedAt === null ? status : 'DELETED'),
    show: (client) => <StatusBadges {...client} />,
  },
  {
    key: 'verified',
    label: 'Verified',
    plain: ({ verified }) => String(verified),
    show: ({ verified }) => (verified ? 'Yes' : 'No'),
  },
  {
    key: 'orgId',
    label: 'Organization',
    isText: true,
    plain: ({ orgId }) => orgId ?? '',
    show: ({ orgId }) => orgId ?? 'No owner',
  },
  {
    key: 'userId',
    label: 'User',
    isText: true,
    plain: ({ userId }) => userId ?? '',
    show: ({ orgId, userId }) => userId ?? (orgId === null ? 'No owner' : 'No user'),
  },
  {
    key: 'allowedGrantTypes',
    label: 'Grant types',
    plain: ({ allowedGrantTypes }) => csvList(allowedGrantTypes),
    show: ({ allowedGrantTypes }) => allowedGrantTypes.map(inWords).join(', '),
  },
  {
    key: 'allowedScopes',
    label: 'Scopes',
    isText: true,
    plain: ({ allowedScopes }) => csvList(allowedScopes),
    show: ({ allowedScopes }) => allowedScopes.join(' '),
  },
  {
    key: 'redirectUris',
    label: 'Redirect URIs',
    isText: true,
    plain: ({ redirectUris }) => csvList(redirectUris),
    show: ({ redirectUris }) => redirectUris.join(' '),
  },
  {
    key: 'createdAt',
    label: 'Created',
    isSortable: true,
    plain: ({ createdAt }) => createdAt,
    show: ({ createdAt }) => <When at={createdAt} />,
  },
  {
    key: 'updatedAt',
    label: 'Updated',
    isSortable: true,
    plain: ({ updatedAt }) => updatedAt,
    show: ({ updatedAt }) => <When at={updatedAt} />,
  },
  {
    key: 'lastUsedAt',
    label: 'Last used',
    isSortable: true,
    plain: ({ lastUsedAt }) => lastUsedAt ?? '',
    show: ({ lastUsedAt }) => <When at={lastUsedAt} />,
  },
];

/** The order of the schema by column. */
export const ORDER_OF_COLUMN: Record<string, (typeof ORDER_FIELDS)[number]> = {
  name: 'NAME',
  createdAt: 'CREATED_AT',
  updatedAt: 'UPDATED_AT',
  lastUsedAt: 'LAST_USED_AT',
};
