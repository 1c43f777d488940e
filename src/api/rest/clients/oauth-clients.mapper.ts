import type { NumberedPage, NumberedPageRequest } from '../../../clients/client/client-query.js';
import type { Client, IssuedSecret } from '../../../clients/client/client.js';
import type { Submission } from '../../../clients/client/client-request.js';
import { REGISTERED_NAMES } from '../../../policy/rules.js';
import type { Shaped } from '../../../http/requests/shape.js';
import type {
  OAuthClient,
  OAuthClientCreateRequest,
  OAuthClientListReply,
  OAuthClientUpdateRequest,
  PaginationMeta,
} from './oauth-clients.dto.js';

/** How callers of this door name the fields of a client. */
const NAMES = {
  ...REGISTERED_NAMES,
  name: 'name',
  grantTypes: 'allowed_grant_types',
  scopes: 'allowed_scopes',
} as const;

/** The fields that a request may name. */
const FIELDS = [
  'name',
  'type',
  'grantTypes',
  'scopes',
  'redirectUris',
  'requirePkce',
  'logoUri',
  'policyUri',
  'tosUri',
] as const satisfies (keyof typeof NAMES)[];

/** What a request names, and nothing else: a member that was left out is not there, one that was null is undefined. */
export function toSubmission({
  body,
  faults,
}: Shaped<OAuthClientCreateRequest | OAuthClientUpdateRequest>): Submission {
  const named = FIELDS.filter((field) => Object.hasOwn(body, NAMES[field]));
  return {
    draft: Object.fromEntries(named.map((field) => [field, body[NAMES[field]] ?? undefined])),
    faults,
    names: NAMES,
    refusalCode: () => 'validation_error',
  };
}

/** @param secret only in the reply that issues it */
export function toOAuthClient(client: Client, secret: IssuedSecret | null = null): OAuthClient {
  return {
    record_type: 'oauth_client',
    client_id: client.id,
    name: client.name,
    // The contract has no place for a client without an owner; nor does this door show one
    org_id: client.orgId ?? '',
    user_id: client.userId ?? '',
    allowed_scopes: client.scopes,
    client_type: client.type,
    require_pkce: client.requirePkce,
    allowed_grant_types: client.grantTypes,
    redirect_uris: client.redirectUris,
    logo_uri: client.logoUri,
    tos_uri: client.tosUri,
    policy_uri: client.policyUri,
    client_secret: secret?.value ?? null,
    ...(client.status === 'disabled' && { status: client.status }),
    created_at: client.createdAt.toISOString(),
    updated_at: client.updatedAt.toISOString(),
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

/** @param total of the entries on all pages */
export const toPaginationMeta = ({ number, size }: NumberedPageRequest, total: number): PaginationMeta => ({
  page_number: number,
  page_size: size,
  total_pages: Math.ceil(total / size),
  total_results: total,
});
