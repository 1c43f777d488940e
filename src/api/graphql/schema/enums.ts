import { registerEnumType } from '@nestjs/graphql';
import { ACTOR_TYPES, AUDIT_ACTIONS, CHANNELS } from '../../../audit/audit-event.js';
import { ROLE_DESCRIPTIONS, ROLES } from '../../../auth/principal/principal.js';
import { CLIENT_SOURCES, CLIENT_STATUSES, DISABLED_REASONS } from '../../../clients/client/client.js';
import type { ClientOrderField, OrderDirection } from '../../../clients/client/client-query.js';
import { APPLICATION_TYPES, CLIENT_TYPES, TOKEN_ENDPOINT_AUTH_METHODS } from '../../../policy/client.js';
import { SIGNING_KEY_STATUSES } from '../../../authorization/keys/signing-key.js';
import { GRANT_TYPES } from '../../../policy/grants/grant-types.js';
import { TOKEN_FORMATS } from '../../../policy/resource.js';

/** An enum of the schema: the names of its values, and the value that each represents. */
function registered<T>(
  name: string,
  description: string,
  values: Record<string, T>,
  valuesMap: Record<string, { description: string }> = {},
): Record<string, T> {
  registerEnumType(values, { name, description, valuesMap });
  return values;
}

const enumName = (value: string) => value.toUpperCase().replaceAll('.', '_');

/** The values of a domain type as an enum, with descriptions if they have any: `client_credentials` becomes `CLIENT_CREDENTIALS`. */
const enumOf = <T extends string>(
  name: string,
  description: string,
  values: readonly T[],
  descriptions: Record<string, string> = {},
) =>
  registered(
    name,
    description,
    Object.fromEntries(values.map((value) => [enumName(value), value])),
    Object.fromEntries(
      Object.entries(descriptions).map(([value, text]) => [enumName(value), { description: text }]),
    ),
  );

export const ClientTypeEnum = enumOf(
  'ClientType',
  'Whether a client can keep a secret (RFC 6749 §2.1).',
  CLIENT_TYPES,
);
export const GrantTypeEnum = enumOf('GrantType', 'A way to get a token (RFC 6749 §1.3).', GRANT_TYPES);
export const ClientSourceEnum = enumOf(
  'ClientSource',
  'The interface that created a client: the REST API, dynamic registration, or an operator (GraphQL).',
  CLIENT_SOURCES,
);
export const ClientStatusEnum = enumOf('ClientStatus', 'Whether a client may be used.', CLIENT_STATUSES);
export const DisabledReasonEnum = enumOf(
  'DisabledReason',
  'Why the registry itself disabled a client.',
  DISABLED_REASONS,
  { statement_expired: 'Its software statement has expired. A new one enables it again.' },
);
export const TokenEndpointAuthMethodEnum = enumOf(
  'TokenEndpointAuthMethod',
  'How a client authenticates at the token endpoint (RFC 7591 §2).',
  TOKEN_ENDPOINT_AUTH_METHODS,
);
export const ApplicationTypeEnum = enumOf(
  'ApplicationType',
  'Where a client runs (OpenID Connect Dynamic Client Registration §2).',
  APPLICATION_TYPES,
);
export const TokenFormatEnum = enumOf('TokenFormat', 'The format of access tokens.', TOKEN_FORMATS, {
  opaque: 'A random string, which resources verify by introspection (RFC 7662).',
  jwt: 'A signed JWT (RFC 9068), which resources verify with the published keys.',
});
export const SigningKeyStatusEnum = enumOf(
  'SigningKeyStatus',
  'What a signing key is used for.',
  SIGNING_KEY_STATUSES,
  {
    next: 'It is published, and does not sign yet.',
    current: 'It signs.',
    retired: 'It verifies tokens that it signed before.',
  },
);
export const OrderFieldEnum = registered<ClientOrderField>(
  'OAuthClientOrderField',
  'The sort fields of clients.',
  { CREATED_AT: 'createdAt', UPDATED_AT: 'updatedAt', LAST_USED_AT: 'lastUsedAt', NAME: 'name' },
  { LAST_USED_AT: { description: 'Clients that were never used come before all others when ascending.' } },
);
export const OrderDirectionEnum = enumOf<OrderDirection>('OrderDirection', 'Ascending or descending.', [
  'ASC',
  'DESC',
]);
export const ChannelEnum = enumOf(
  'Channel',
  'The interface used. REGISTRATION is dynamic registration (RFC 7591, RFC 7592). CONSOLE is its sign-in and sign-out; changes in the console are ' +
    'GRAPHQL. JOB is the registry itself: a job, its start, or an eviction at a limit.',
  CHANNELS,
);
export const ActorTypeEnum = enumOf(
  'ActorType',
  'The kind of actor: the holder of a credential, an anonymous caller, or the registry itself (SYSTEM).',
  ACTOR_TYPES,
);
export const AuditActionEnum = enumOf(
  'AuditAction',
  'The audited actions.',
  Object.keys(AUDIT_ACTIONS),
  AUDIT_ACTIONS,
);
export const RoleEnum = enumOf('Role', 'What the holder of a credential may do.', ROLES, ROLE_DESCRIPTIONS);
