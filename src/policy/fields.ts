import { GRANT_TYPES, type GrantType } from './grants/grant-types.js';
import { type JsonWebKeySet, jwksFaults } from './metadata/jwks.js';
import { contactFaults, MAX_TEXT_LENGTH, textFaults } from './names/text.js';
import { MAX_SCOPES, scopeFaults } from './grants/scope.js';
import { MAX_REDIRECT_URIS, redirectUriFaults } from './uris/redirect-uri.js';
import { webUriFaults } from './uris/uri.js';

/** The JSON shapes of values, and their types. */
interface Shapes {
  text: string;
  uri: string;
  flag: boolean;
  object: JsonWebKeySet;
  texts: string[];
  uris: string[];
}

/** The definition of a client field, from which DTOs, mappers, the schema and the documentation follow. */
export interface FieldRow {
  /** Its name in `/v2/oauth/clients`; omitted if it is not part of that API. */
  rest?: string;
  /** Its name in client metadata (RFC 7591 §4.1); omitted if registrations do not have it. */
  registration?: string;
  /** Its name in GraphQL, if it differs from the key. */
  graphql?: string;
  shape: keyof Shapes;
  /** The allowed values of the field or of its entries. */
  values?: readonly string[];
  /** For the documentation, without a full stop. */
  description: string;
  /** Follows the description in requests. */
  limits?: string;
  /** The value if a request does not send the field. If a column has none, `applyDefaults` computes its value. */
  default?: boolean | readonly string[] | null;
  /** Returns the errors of a value, each completing the sentence "FIELD …"; omitted if every value of the shape is valid. */
  errors?: (value: never) => string[];
  /** Whether a change only restricts the client, so that it stays `verified`; omitted if no change does. */
  isRestriction?: (before: never, after: never) => boolean;
  /** Whether the field can be localized (RFC 7591 §2.2). */
  isTranslatable?: true;
  /** Whether authorization servers send browsers there: registrations may then use allowed hosts only, unlike for pages that users open. */
  isRedirectTarget?: true;
}

const isSubset = (before: readonly string[], after: readonly string[]) =>
  after.every((entry) => before.includes(entry));

/** Of a URI that must not be modified in transit, such as that of login requests (OpenID Connect Core §4). */
const httpsUriFaults = (uri: string) => (/^http:/i.test(uri) ? ['must use https'] : webUriFaults(uri));

/** A page that users can open. */
const WEB_PAGE = { shape: 'uri', errors: webUriFaults, isTranslatable: true } as const;

/** Each has a column. `metadata_hash` is the hash of JSON in the order of the rows of both tables. */
export const COLUMN_FIELDS = {
  name: {
    rest: 'name',
    registration: 'client_name',
    shape: 'text',
    description: 'The display name of the client',
    limits: `: 1 to ${MAX_TEXT_LENGTH} characters`,
    default: null,
    errors: (name: string) => textFaults(name),
    isTranslatable: true,
  },
  type: {
    rest: 'client_type',
    graphql: 'clientType',
    shape: 'text',
    // RFC 6749 §2.1
    values: ['public', 'confidential'],
    description: 'Whether the client can keep a secret (RFC 6749 §2.1)',
    limits: ': a confidential client gets a secret, a public client does not',
  },
  tokenEndpointAuthMethod: {
    registration: 'token_endpoint_auth_method',
    shape: 'text',
    // RFC 7591 §2, and beyond the contract OpenID Connect Core §9
    values: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    description: 'How the client authenticates at the token endpoint (RFC 7591 §2)',
    limits: '; none makes it a public client',
  },
  grantTypes: {
    rest: 'allowed_grant_types',
    registration: 'grant_types',
    graphql: 'allowedGrantTypes',
    shape: 'texts',
    values: GRANT_TYPES,
    description: 'The grant types that the client can use',
    limits: ', at least one',
    // RFC 7591 §2
    default: ['authorization_code'] satisfies GrantType[],
    errors: (grants: string[]) => (grants.length === 0 ? ['must contain at least one grant type'] : []),
    isRestriction: isSubset,
  },
  scopes: {
    rest: 'allowed_scopes',
    registration: 'scope',
    graphql: 'allowedScopes',
    shape: 'texts',
    description: 'The scopes that the client can request',
    limits: `, at most ${MAX_SCOPES}`,
    default: [],
    errors: scopeFaults,
    // Some authorization servers allow a client without scopes any scope
    isRestriction: (before: string[], after: string[]) => after.length > 0 && isSubset(before, after),
  },
  redirectUris: {
    rest: 'redirect_uris',
    registration: 'redirect_uris',
    shape: 'uris',
    description: 'The redirect URIs for authorization responses',
    limits: `, at most ${MAX_REDIRECT_URIS}; authorization_code requires at least one`,
    default: [],
    errors: redirectUriFaults,
    isRestriction: isSubset,
    isRedirectTarget: true,
  },
  requirePkce: {
    rest: 'require_pkce',
    shape: 'flag',
    description: 'Whether the client must use PKCE (RFC 7636)',
    default: false,
    isRestriction: (before: boolean, after: boolean) => after || !before,
  },
  logoUri: {
    ...WEB_PAGE,
    rest: 'logo_uri',
    registration: 'logo_uri',
    description: 'The URL of the logo',
    default: null,
  },
  policyUri: {
    ...WEB_PAGE,
    rest: 'policy_uri',
    registration: 'policy_uri',
    description: 'The URL of the privacy policy',
    default: null,
  },
  tosUri: {
    ...WEB_PAGE,
    rest: 'tos_uri',
    registration: 'tos_uri',
    description: 'The URL of the terms of service',
    default: null,
  },
} as const satisfies Record<string, FieldRow>;

/** Fields beyond the contract that are stored in one JSON document if sent. */
export const METADATA_FIELDS = {
  clientUri: {
    ...WEB_PAGE,
    registration: 'client_uri',
    description: 'The URL of the home page of the client',
  },
  contacts: {
    registration: 'contacts',
    shape: 'texts',
    description: 'Contacts of the people responsible for the client',
    errors: contactFaults,
  },
  jwksUri: {
    registration: 'jwks_uri',
    shape: 'uri',
    description: "The URL of the client's JSON Web Key Set",
    errors: webUriFaults,
  },
  jwks: {
    registration: 'jwks',
    shape: 'object',
    description: "The client's JSON Web Key Set with its public keys",
    errors: jwksFaults,
  },
  tokenEndpointAuthSigningAlg: {
    registration: 'token_endpoint_auth_signing_alg',
    shape: 'text',
    description:
      'The signing algorithm required for client assertions, such as ES256. Null: any algorithm. Stored only for private_key_jwt',
  },
  softwareId: {
    registration: 'software_id',
    shape: 'text',
    description: 'The identifier of the software, the same for all its instances and versions',
    errors: (id: string) => textFaults(id),
  },
  softwareVersion: {
    registration: 'software_version',
    shape: 'text',
    description: 'The version of the software',
    errors: (version: string) => textFaults(version),
  },
  softwareStatement: {
    registration: 'software_statement',
    shape: 'text',
    description: 'A JWT signed by a trusted issuer that asserts metadata of the software (RFC 7591 §2.3)',
  },
  applicationType: {
    registration: 'application_type',
    shape: 'text',
    // OpenID Connect Dynamic Client Registration §2
    values: ['native', 'web'],
    description: 'Whether the client is a native or a web application',
  },
  // OpenID Connect Dynamic Client Registration §2
  initiateLoginUri: {
    registration: 'initiate_login_uri',
    shape: 'uri',
    description: 'The URL at which third parties start a login at the client',
    errors: httpsUriFaults,
    isRedirectTarget: true,
  },
  // OpenID Connect RP-Initiated Logout §3.1
  postLogoutRedirectUris: {
    registration: 'post_logout_redirect_uris',
    shape: 'uris',
    description: 'The redirect URIs after logout',
    errors: redirectUriFaults,
    isRedirectTarget: true,
  },
} as const satisfies Record<string, FieldRow>;

export const isList = ({ shape }: FieldRow) => shape === 'texts' || shape === 'uris';

/** All fields. */
export const FIELDS = { ...COLUMN_FIELDS, ...METADATA_FIELDS };
type Fields = typeof FIELDS;
export type ClientField = keyof Fields;

/** The rows with their GraphQL names. */
export const FIELD_ROWS = Object.entries<FieldRow>(FIELDS).map(
  ([field, row]) => [field as ClientField, { graphql: field, ...row }] as const,
);

/** The values of fields. */
export type FieldValues = {
  [F in ClientField]: Fields[F] extends { values: readonly (infer V)[] }
    ? Fields[F]['shape'] extends 'texts'
      ? V[]
      : V
    : Shapes[Fields[F]['shape']];
};

/** The names of fields at an interface. */
export type FieldNames = Readonly<Record<ClientField, string>>;

/** The interfaces that accept client metadata. */
export type Interface = 'rest' | 'registration' | 'graphql';

/** The name of a field at an interface that has it. */
export type NameAt<I extends Interface, F extends ClientField> =
  Fields[F] extends Record<I, infer N extends string> ? N : I extends 'graphql' ? F : never;

const namesBy = (nameOf: (row: (typeof FIELD_ROWS)[number][1]) => string) =>
  Object.fromEntries(FIELD_ROWS.map(([field, row]) => [field, nameOf(row)])) as FieldNames;

const fieldsAt = (at: Interface) =>
  FIELD_ROWS.flatMap(([field, { [at]: name, ...row }]) =>
    name === undefined ? [] : [{ field, name, isList: isList(row) }],
  );

/** The fields of each interface with their names; built once, since every request uses them. */
export const FIELDS_AT: Readonly<Record<Interface, ReturnType<typeof fieldsAt>>> = {
  rest: fieldsAt('rest'),
  registration: fieldsAt('registration'),
  graphql: fieldsAt('graphql'),
};

/** Field names by interface for error messages; a field that it lacks has the name of another interface. */
export const FIELD_NAMES: Readonly<Record<Interface, FieldNames>> = {
  rest: namesBy(({ rest, registration, graphql }) => rest ?? registration ?? graphql),
  registration: namesBy(({ rest, registration, graphql }) => registration ?? rest ?? graphql),
  graphql: namesBy(({ graphql }) => graphql),
};
