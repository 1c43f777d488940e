import type { NumberedPage, NumberedPageRequest } from '../../../clients/client/client-query.js';
import {
  type Client,
  type IssuedSecret,
  standingOf,
  usableGrantTypes,
} from '../../../clients/client/client.js';
import type { ClientRequest } from '../../../clients/client/client-request.js';
import { readFields, showFields } from '../../../policy/client.js';
import { FIELD_NAMES, FIELDS_AT } from '../../../policy/fields.js';
import type { Shaped } from '../../../http/requests/shape.js';
import type {
  OAuthClient,
  OAuthClientCreateRequest,
  OAuthClientListReply,
  OAuthClientUpdateRequest,
  PaginationMeta,
} from './oauth-clients.dto.js';

export function toClientRequest({
  body,
  faults,
}: Shaped<OAuthClientCreateRequest | OAuthClientUpdateRequest>): ClientRequest {
  return {
    draft: readFields('rest', body),
    faults,
    names: FIELD_NAMES.rest,
    errorCode: () => 'validation_error',
  };
}

/** @param secret only in the response that issues it */
export function toOAuthClient(client: Client, secret: IssuedSecret | null = null): OAuthClient {
  const { status } = standingOf(client, new Date());
  return {
    record_type: 'oauth_client',
    client_id: client.id,
    // Required by the contract; this API shows no client without an owner
    org_id: client.orgId ?? '',
    user_id: client.userId ?? '',
    ...showFields('rest', client),
    name: client.name,
    client_secret: secret?.value ?? null,
    ...(status === 'disabled' && { status }),
    created_at: client.createdAt.toISOString(),
    updated_at: client.updatedAt.toISOString(),
  };
}

/** Members that only registrations have, such as `token_endpoint_auth_method` and `jwks`. */
const ONLY_REGISTERED = FIELDS_AT.registration.filter(
  ({ field }) => !FIELDS_AT.rest.some((row) => row.field === field),
);

/** A client for an authorization server, which needs more than the contract has. Absent members are omitted. */
export function toLookedUpClient(client: Client): OAuthClient {
  const registered: Record<string, unknown> = showFields('registration', client);
  return {
    ...toOAuthClient(client),
    allowed_grant_types: usableGrantTypes(client),
    verified: client.verified,
    ...Object.fromEntries(ONLY_REGISTERED.map(({ name }) => [name, registered[name]])),
  };
}

export function toListReply(
  { clients, total }: NumberedPage,
  page: NumberedPageRequest,
): OAuthClientListReply {
  return {
    data: clients.map((client) => toOAuthClient(client)),
    meta: toPaginationMeta(page, total),
  };
}

/** @param total the number of entries on all pages */
export const toPaginationMeta = ({ number, size }: NumberedPageRequest, total: number): PaginationMeta => ({
  page_number: number,
  page_size: size,
  total_pages: Math.ceil(total / size),
  total_results: total,
});
