import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ClientRowFragment } from '../../graphql/operations';
import { StandingBadges } from '../../parts/badges';
import type { Column } from '../../parts/data-table';
import { When } from '../../parts/when';
import { inWords } from '../../parts/words';
import type { ORDER_FIELDS } from './clients-search';

interface ClientColumn extends Column<ClientRowFragment> {
  /** What stands in a file for it. */
  plain: (client: ClientRowFragment) => string;
}

const list = (values: readonly string[]) => values.join(' ');

/** Everything that can be shown of a client in a row, and how the same stands in a file. */
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
    show: (client) => <StandingBadges {...client} />,
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
    show: ({ orgId }) => orgId ?? 'nobody',
  },
  {
    key: 'userId',
    label: 'User',
    isText: true,
    plain: ({ userId }) => userId ?? '',
    show: ({ userId }) => userId ?? 'nobody',
  },
  {
    key: 'allowedGrantTypes',
    label: 'Grants',
    plain: ({ allowedGrantTypes }) => list(allowedGrantTypes),
    show: ({ allowedGrantTypes }) => allowedGrantTypes.map(inWords).join(', '),
  },
  {
    key: 'allowedScopes',
    label: 'Scopes',
    isText: true,
    plain: ({ allowedScopes }) => list(allowedScopes),
    show: ({ allowedScopes }) => list(allowedScopes),
  },
  {
    key: 'redirectUris',
    label: 'Redirect URIs',
    isText: true,
    plain: ({ redirectUris }) => list(redirectUris),
    show: ({ redirectUris }) => list(redirectUris),
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
    label: 'Changed',
    isSortable: true,
    plain: ({ updatedAt }) => updatedAt,
    show: ({ updatedAt }) => <When at={updatedAt} />,
  },
  {
    key: 'lastUsedAt',
    label: 'Last used',
    plain: ({ lastUsedAt }) => lastUsedAt ?? '',
    show: ({ lastUsedAt }) => <When at={lastUsedAt} />,
  },
];

/** By what the rows can be ordered, as the schema calls it. */
export const ORDER_OF_COLUMN: Record<string, (typeof ORDER_FIELDS)[number]> = {
  name: 'NAME',
  createdAt: 'CREATED_AT',
  updatedAt: 'UPDATED_AT',
};
