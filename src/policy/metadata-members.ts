import { FIELD_ROWS, FIELDS, FIELDS_AT } from './fields.js';
import { OTHER_CLIENT_METADATA, REGISTERED_ELSEWHERE } from './metadata/iana-registries.js';

/**
 * What a registration request may contain. A member registered elsewhere and not supported here is ignored; an unregistered
 * member is rejected.
 *
 * - `strict`: the members of the contract, nothing else.
 * - `registered`: the IANA registry "OAuth Dynamic Client Registration Metadata"; members of the other OAuth registries
 *   are ignored.
 * - `lenient`: anything; unregistered members are ignored, too.
 */
export const METADATA_PROFILES = ['strict', 'registered', 'lenient'] as const;

export type MetadataProfile = (typeof METADATA_PROFILES)[number];

/** How a member is classified: accepted, ignored or rejected. */
export type MemberClass = 'accepted' | 'ignored' | 'rejected';

/** The members of the published contract, which every profile accepts. */
export const CONTRACT_MEMBERS: ReadonlySet<string> = new Set([
  'client_name',
  'token_endpoint_auth_method',
  'grant_types',
  'response_types',
  'scope',
  'redirect_uris',
  'logo_uri',
  'policy_uri',
  'tos_uri',
]);

/** A software statement is verified first, and not read with the rest (RFC 7591 §2.3). */
const SOFTWARE_STATEMENT = FIELDS.softwareStatement.registration;

/** Members beyond the contract that mean something here: RFC 7591 §2, and what OpenID Connect adds. */
export const STORED_MEMBERS: ReadonlySet<string> = new Set(
  FIELDS_AT.registration
    .map(({ name }) => name)
    .filter((name) => name !== SOFTWARE_STATEMENT && !CONTRACT_MEMBERS.has(name)),
);

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
  SOFTWARE_STATEMENT,
  ...OTHER_CLIENT_METADATA,
]);

/** Members that only the server sets. */
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

/** The error for an unsupported member. */
export function memberFault(member: string): string {
  return SERVER_SET_MEMBERS.has(member) ? 'is set by the server; omit it' : 'is not supported; omit it';
}

/** Members that may come in several languages (RFC 7591 §2.2). */
const TRANSLATABLE: ReadonlySet<string> = new Set(
  FIELD_ROWS.flatMap(([, { registration, isTranslatable }]) => (isTranslatable && registration) || []),
);

/** BCP 47, in outline: subtags of at most eight letters or digits, the first one letters only. */
const LANGUAGE_TAG = /^[a-z]{1,8}(-[a-z0-9]{1,8}){0,8}$/i;

/** Whether the member is a translation such as `client_name#ja` (RFC 7591 §2.2). */
export function isTranslation(member: string): boolean {
  const hash = member.indexOf('#');
  return hash > 0 && TRANSLATABLE.has(member.slice(0, hash)) && LANGUAGE_TAG.test(member.slice(hash + 1));
}

/** What becomes of a member of a registration request under `profile`. */
export function classifyMember(member: string, profile: MetadataProfile): MemberClass {
  if (CONTRACT_MEMBERS.has(member)) return 'accepted';
  if (profile === 'strict') return 'rejected';
  if (STORED_MEMBERS.has(member) || isTranslation(member)) return 'accepted';
  const isRegistered = REGISTERED_MEMBERS.has(member) || REGISTERED_ELSEWHERE.has(member);
  return isRegistered || profile === 'lenient' ? 'ignored' : 'rejected';
}

/** Whether the value counts as omitted: a widespread client sends `"scope": null`. */
export function countsAsAbsent(member: string, value: unknown, profile: MetadataProfile): boolean {
  return member === 'scope' && value === null && profile !== 'strict';
}
