import { COLUMN_FIELDS, FIELD_ROWS, type FieldRow, METADATA_FIELDS } from './fields.js';
import { REGISTERED_ELSEWHERE } from './metadata/iana-registries.js';

/**
 * What a registration request may contain. One principle: registered elsewhere and not offered here is left out of what
 * is granted; registered nowhere is refused.
 *
 * - `strict`: the nine members of the contract, nothing else.
 * - `registered`: the IANA registry "OAuth Dynamic Client Registration Metadata"; members of the other OAuth registries
 *   are ignored.
 * - `lenient`: anything; what nobody registered is ignored as well.
 */
export const METADATA_PROFILES = ['strict', 'registered', 'lenient'] as const;

export type MetadataProfile = (typeof METADATA_PROFILES)[number];

/** What becomes of a member: `read` and judged, `ignore`d, or `refuse`d by name. */
export type MemberTreatment = 'read' | 'ignore' | 'refuse';

const namesOf = (fields: Record<string, FieldRow>) =>
  Object.values(fields).flatMap(({ registration: name }) => name ?? []);

/** The members of the contract. */
const CONTRACT_MEMBERS: ReadonlySet<string> = new Set([...namesOf(COLUMN_FIELDS), 'response_types']);

/** A software statement is verified first, and not read with the rest (RFC 7591 §2.3). */
const { softwareStatement, ...READ_FIELDS } = METADATA_FIELDS;

/** Members beyond the contract that mean something here: RFC 7591 §2, and what OpenID Connect adds. */
export const STORED_MEMBERS: ReadonlySet<string> = new Set(namesOf(READ_FIELDS));

/** Members of the registry that only a server sets (RFC 7591 §3.2.1, RFC 7592 §3). */
const SET_IN_RESPONSES = [
  'client_id',
  'client_secret',
  'client_id_issued_at',
  'client_secret_expires_at',
  'registration_access_token',
  'registration_client_uri',
];

/** The rest of the registry: those, and other protocols'. */
const REGISTERED_MEMBERS: ReadonlySet<string> = new Set([
  ...SET_IN_RESPONSES,
  softwareStatement.registration,
  // OpenID Connect Dynamic Client Registration and Logout
  'sector_identifier_uri',
  'subject_type',
  'id_token_signed_response_alg',
  'id_token_encrypted_response_alg',
  'id_token_encrypted_response_enc',
  'userinfo_signed_response_alg',
  'userinfo_encrypted_response_alg',
  'userinfo_encrypted_response_enc',
  'request_object_signing_alg',
  'request_object_encryption_alg',
  'request_object_encryption_enc',
  'default_max_age',
  'require_auth_time',
  'default_acr_values',
  'request_uris',
  'frontchannel_logout_uri',
  'frontchannel_logout_session_required',
  'backchannel_logout_uri',
  'backchannel_logout_session_required',
  // OpenID Connect CIBA, OpenID Federation, verifiable presentations
  'backchannel_token_delivery_mode',
  'backchannel_client_notification_endpoint',
  'backchannel_authentication_request_signing_alg',
  'backchannel_user_code_parameter',
  'client_registration_types',
  'signed_jwks_uri',
  'organization_name',
  'organization_uri',
  'display_name',
  'description',
  'keywords',
  'information_uri',
  'vp_formats',
  // User-Managed Access
  'claims_redirect_uris',
  // JARM, RFC 8705, RFC 9101, RFC 9126, RFC 9396, RFC 9449, RFC 9701
  'authorization_signed_response_alg',
  'authorization_encrypted_response_alg',
  'authorization_encrypted_response_enc',
  'response_modes',
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
  'tls_client_certificate_bound_access_tokens',
  'use_mtls_endpoint_aliases',
  'require_signed_request_object',
  'require_pushed_authorization_requests',
  'authorization_details_types',
  'dpop_bound_access_tokens',
  'introspection_signed_response_alg',
  'introspection_encrypted_response_alg',
  'introspection_encrypted_response_enc',
  // ETSI NFV-SEC 022
  'nfv_token_signed_response_alg',
  'nfv_token_encrypted_response_alg',
  'nfv_token_encrypted_response_enc',
]);

/** What the server alone sets of a client, wherever it is shown. */
const SERVER_SET_MEMBERS: ReadonlySet<string> = new Set([
  ...SET_IN_RESPONSES,
  'record_type',
  'org_id',
  'user_id',
  'source',
  'status',
  'verified',
  'version',
  'created_at',
  'updated_at',
  'deleted_at',
  'last_used_at',
]);

/** What is wrong with a member that is not taken from a request. */
export function memberFault(member: string): string {
  return SERVER_SET_MEMBERS.has(member)
    ? 'is set by the server; leave it out'
    : 'is not known here; leave it out';
}

/** Members that may come in several languages (RFC 7591 §2.2). */
const TRANSLATABLE: ReadonlySet<string> = new Set(
  namesOf(Object.fromEntries(FIELD_ROWS.filter(([, { isTranslatable }]) => isTranslatable))),
);

/** BCP 47, in outline: subtags of at most eight letters or digits, the first one letters only. */
const LANGUAGE_TAG = /^[a-z]{1,8}(-[a-z0-9]{1,8}){0,8}$/i;

/** Whether the member is a translation such as `client_name#ja` (RFC 7591 §2.2). */
export function isTranslation(member: string): boolean {
  const hash = member.indexOf('#');
  return hash > 0 && TRANSLATABLE.has(member.slice(0, hash)) && LANGUAGE_TAG.test(member.slice(hash + 1));
}

/** What becomes of a member of a registration request under `profile`. */
export function treatMember(member: string, profile: MetadataProfile): MemberTreatment {
  if (CONTRACT_MEMBERS.has(member)) return 'read';
  if (profile === 'strict') return 'refuse';
  if (STORED_MEMBERS.has(member) || isTranslation(member)) return 'read';
  const isRegistered = REGISTERED_MEMBERS.has(member) || REGISTERED_ELSEWHERE.has(member);
  return isRegistered || profile === 'lenient' ? 'ignore' : 'refuse';
}

/** Whether the value counts as left out: a widespread client sends `"scope": null`. */
export function countsAsAbsent(member: string, value: unknown, profile: MetadataProfile): boolean {
  return member === 'scope' && value === null && profile !== 'strict';
}
