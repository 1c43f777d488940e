import type { ClientMetadata, ClientMetadataInput } from './client.js';
import { FIELD_ROWS } from './fields.js';
import { type GrantType, isGrantType, isRegisteredGrantType, offeredGrants } from './grants/grant-types.js';
import type { MetadataProfile } from './metadata-members.js';
import { deniedHostFaults, redirectHostFaults } from './uris/redirect-host.js';
import { reservedNameRule } from './reserved-name.js';
import type { Rule } from './rules.js';
import { authMethodOf, DEFAULT_GRANT_TYPES } from './defaults.js';

/** All are held to the hosts that the policy allows. */
const REDIRECT_FIELDS = FIELD_ROWS.filter(([, { isRedirectTarget }]) => isRedirectTarget).map(
  ([field]) => field as 'redirectUris' | 'initiateLoginUri',
);

/** The callers that may register: anyone, anyone with a software statement, callers with credentials, or no one. */
export const REGISTRATION_MODES = ['open', 'statement', 'token', 'closed'] as const;
export type RegistrationMode = (typeof REGISTRATION_MODES)[number];

/** What registration allows, in addition to the rules for every client. */
export interface RegistrationPolicy {
  profile: MetadataProfile;
  /** Whether a software statement is required. */
  requiresStatement: boolean;
  /** Null: any. */
  allowedScopes: readonly string[] | null;
  /** For a registration that names none; see {@link addDefaultScopes} for one that does. */
  defaultScopes: readonly string[];
  allowedGrantTypes: readonly GrantType[];
  /** A redirect URI must lead to a host of each list: see {@link isRedirectHost}. */
  redirectHosts: readonly (readonly string[])[];
  /** Hosts that no redirect URI may name, even if they are allowed. */
  deniedRedirectHosts: readonly string[];
  /** Says which entry of the reserved names a name poses as; null: none is reserved. */
  reservedNameIn: ((name: string) => string | undefined) | null;
}

/** Limits of some registrations, in addition to the policy for all; null: none. */
export interface RegistrationLimits {
  scopes: readonly string[] | null;
  grantTypes: readonly GrantType[] | null;
  redirectHosts: readonly string[] | null;
}

/** The policy intersected with further limits. */
export function intersectPolicy(policy: RegistrationPolicy, limits: RegistrationLimits): RegistrationPolicy {
  const { scopes, grantTypes, redirectHosts } = limits;
  return {
    ...policy,
    allowedScopes: policy.allowedScopes === null ? scopes : grantable(policy.allowedScopes, scopes),
    allowedGrantTypes: grantable(policy.allowedGrantTypes, grantTypes),
    redirectHosts: redirectHosts === null ? policy.redirectHosts : [...policy.redirectHosts, redirectHosts],
  };
}

const requireStatement = (fault: string): Rule => ({
  field: 'softwareStatement',
  errors: ({ softwareStatement }) => (softwareStatement === undefined ? [fault] : []),
});

const STATEMENT_REQUIRED = requireStatement('is required; send a statement of a trusted issuer');

/** Without its statement, a client could change what the statement sets. */
const STATEMENT_KEPT = requireStatement(
  'must be omitted, the statement of the client, or a new one of a trusted issuer',
);

/**
 * What registration rejects, in addition to the rules for every client.
 * @param registered the client that is changed
 */
export function registrationRules(policy: RegistrationPolicy, registered?: ClientMetadata): readonly Rule[] {
  const { allowedScopes, allowedGrantTypes, redirectHosts, deniedRedirectHosts, reservedNameIn } = policy;
  const offered = allowedGrantTypes.join(', ') || 'none';
  return [
    {
      field: 'grantTypes',
      errors: ({ grantTypes = [] }) => {
        const unknown = grantTypes.filter((grant) => !isKnownGrant(grant, policy.profile));
        return unknown.length > 0
          ? [`must not contain an unknown grant type; allowed grant types: ${offered}`]
          : [];
      },
    },
    {
      field: 'grantTypes',
      errors: (draft) =>
        grantsFor(draft, policy).length > 0 ? [] : [`must contain an allowed grant type: ${offered}`],
    },
    {
      // RFC 7591 §2.1: nothing would ever issue a refresh token to it
      field: 'grantTypes',
      errors: (draft) =>
        grantsFor(draft, policy).every((grant) => grant === 'refresh_token')
          ? [
              `must contain a grant type in addition to refresh_token, which needs another grant; allowed grant types: ${offered}`,
            ]
          : [],
    },
    {
      field: 'scopes',
      errors: ({ scopes = [] }) =>
        scopes.length > 0 && grantable(scopes, allowedScopes).length === 0
          ? [`must contain an allowed scope: ${allowedScopes?.join(' ') || 'none'}`]
          : [],
    },
    ...REDIRECT_FIELDS.flatMap((field): Rule[] => [
      {
        field,
        errors: ({ [field]: uris = [] }) => redirectHosts.flatMap((hosts) => redirectHostFaults(uris, hosts)),
      },
      {
        field,
        errors: ({ [field]: uris = [] }) => deniedHostFaults(uris, deniedRedirectHosts, redirectHosts.flat()),
      },
    ]),
    ...(policy.requiresStatement ? [STATEMENT_REQUIRED] : []),
    ...(registered?.metadata.softwareStatement === undefined ? [] : [STATEMENT_KEPT]),
    ...(reservedNameIn ? [reservedNameRule(reservedNameIn, registered)] : []),
    {
      // RFC 6749 §4.4: a client without credentials has none to be granted anything for
      field: 'tokenEndpointAuthMethod',
      reads: ['grantTypes'],
      errors: (draft) =>
        draft.tokenEndpointAuthMethod === 'none' && grantsFor(draft, policy).includes('client_credentials')
          ? ['must not be "none" for the client_credentials grant; send a client_secret_* method']
          : [],
    },
  ];
}

/**
 * Restricts a valid request to the policy: granted = asked ∩ allowed, with a default if nothing was asked for,
 * and PKCE for every public client that uses authorization codes (RFC 9700 §2.1.1).
 * @param registered the client that is changed: it keeps what no registration names, since an operator may have set it
 */
export function restrictToPolicy(
  draft: ClientMetadataInput,
  policy: RegistrationPolicy,
  registered?: ClientMetadata,
): ClientMetadataInput {
  const grantTypes = grantsFor(draft, policy);
  return {
    ...draft,
    grantTypes,
    scopes: grantable(draft.scopes?.length ? draft.scopes : policy.defaultScopes, policy.allowedScopes),
    requirePkce:
      registered?.requirePkce === true ||
      (authMethodOf(draft) === 'none' && grantTypes.includes('authorization_code')),
  };
}

/**
 * A new registration with the default scopes beside its own, if each of its tokens needs a user's consent: MCP clients register the scopes
 * that they need first, and ask users for more later. RFC 7591 §3.2.1 lets a server replace what was requested.
 */
export function addDefaultScopes<T extends { grantTypes: readonly GrantType[]; scopes: readonly string[] }>(
  registration: T,
  { defaultScopes, allowedScopes }: RegistrationPolicy,
): T {
  if (registration.grantTypes.includes('client_credentials')) return registration;
  const scopes = new Set([...registration.scopes, ...grantable(defaultScopes, allowedScopes)]);
  return { ...registration, scopes: [...scopes] };
}

/** A request without grant types gets the default of RFC 7591 §2 or, if that is not allowed, the allowed ones. */
function grantsFor(
  { grantTypes }: ClientMetadataInput,
  { allowedGrantTypes }: RegistrationPolicy,
): GrantType[] {
  if (grantTypes !== undefined) return grantable(offeredGrants(grantTypes), allowedGrantTypes);
  const byDefault = grantable(DEFAULT_GRANT_TYPES, allowedGrantTypes);
  return byDefault.length > 0 ? byDefault : [...allowedGrantTypes];
}

function grantable<T extends string>(asked: readonly T[], allowed: readonly string[] | null): T[] {
  return allowed === null ? [...asked] : asked.filter((value) => allowed.includes(value));
}

/** Grants follow the same principle as members: see {@link MetadataProfile}. */
function isKnownGrant(grant: string, profile: MetadataProfile): boolean {
  switch (profile) {
    case 'strict':
      return isGrantType(grant);
    case 'registered':
      return isRegisteredGrantType(grant);
    case 'lenient':
      return true;
  }
}
