import { GRANT_TYPES, type GrantType } from './grant-types.js';
import { type JsonWebKeySet, jwksFaults } from './metadata/jwks.js';
import { contactFaults, MAX_TEXT_LENGTH, textFaults } from './names/text.js';
import { MAX_SCOPES, scopeFaults } from './scope.js';
import { MAX_REDIRECT_URIS, redirectUriFaults } from './uris/redirect-uri.js';
import { webUriFaults } from './uris/uri.js';

/** How a value is written in JSON, and its type. */
interface Shapes {
  text: string;
  uri: string;
  flag: boolean;
  object: JsonWebKeySet;
  texts: string[];
  uris: string[];
}

/** What there is to say of a field of a client. Everything that all fields have in common is made from this. */
export interface FieldRow {
  /** Its name in `/v2/oauth/clients`; left out: it is not there. */
  rest?: string;
  /** Its name in the registry of client metadata (RFC 7591 §4.1); left out: a registration neither takes nor shows it. */
  registration?: string;
  /** Its name in GraphQL, where that is not its own. */
  graphql?: string;
  shape: keyof Shapes;
  /** The only values that it, or an entry of it, may have. */
  values?: readonly string[];
  /** In documentation, without a full stop at the end. */
  description: string;
  /** Follows the description where the field may be sent. */
  limits?: string;
  /** Where it is left out; of a column that has none, `settle` knows more. */
  default?: boolean | readonly string[] | null;
  /** What is wrong with a value by itself, each fault completing the sentence "FIELD …". */
  faults?: (value: never) => string[];
  /**
   * Whether a change allows the client no more than before, so that it keeps its mark `verified`; left out: none does. Also a contact or a
   * key that is only removed is a change, since the rest then stands for the client.
   */
  narrows?: (before: never, after: never) => boolean;
  /** People read it, so it may come in several languages (RFC 7591 §2.2). */
  isTranslatable?: true;
}

const isSubset = (before: readonly string[], after: readonly string[]) =>
  after.every((entry) => before.includes(entry));

/** OpenID Connect Core §4: the request that begins there must not be changed on its way. */
const httpsUriFaults = (uri: string) => (/^http:/i.test(uri) ? ['must use https'] : webUriFaults(uri));

/** What people may open. */
const WEB_PAGE = { shape: 'uri', faults: webUriFaults, isTranslatable: true } as const;

/** Fields of the contract: each has a column, and is read in every profile. Both tables have the order of `metadata_hash`. */
export const COLUMN_FIELDS = {
  name: {
    rest: 'name',
    registration: 'client_name',
    shape: 'text',
    description: 'What people call the client',
    limits: `: 1 to ${MAX_TEXT_LENGTH} characters`,
    default: null,
    faults: (name: string) => textFaults(name),
    isTranslatable: true,
  },
  type: {
    rest: 'client_type',
    graphql: 'clientType',
    shape: 'text',
    // RFC 6749 §2.1
    values: ['public', 'confidential'],
    description: 'Whether the client can keep a secret (RFC 6749 §2.1)',
    limits: ': a confidential one gets one, a public one none',
  },
  tokenEndpointAuthMethod: {
    registration: 'token_endpoint_auth_method',
    shape: 'text',
    // RFC 7591 §2, and beyond the contract OpenID Connect Core §9
    values: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    description: 'How the client proves who it is at the token endpoint (RFC 7591 §2)',
    limits: '; none makes it a public client',
  },
  grantTypes: {
    rest: 'allowed_grant_types',
    registration: 'grant_types',
    graphql: 'allowedGrantTypes',
    shape: 'texts',
    values: GRANT_TYPES,
    description: 'Grants that the client may use',
    limits: ', at least one',
    // RFC 7591 §2
    default: ['authorization_code'] satisfies GrantType[],
    faults: (grants: string[]) => (grants.length === 0 ? ['must name at least one grant type'] : []),
    narrows: isSubset,
  },
  scopes: {
    rest: 'allowed_scopes',
    registration: 'scope',
    graphql: 'allowedScopes',
    shape: 'texts',
    description: 'Scopes that the client may ask for',
    limits: `, at most ${MAX_SCOPES}`,
    default: [],
    faults: scopeFaults,
    // Some servers take a client without scopes for one that may have any
    narrows: (before: string[], after: string[]) => after.length > 0 && isSubset(before, after),
  },
  redirectUris: {
    rest: 'redirect_uris',
    registration: 'redirect_uris',
    shape: 'uris',
    description: 'Where authorization responses may be sent',
    limits: `, at most ${MAX_REDIRECT_URIS}; authorization_code needs one`,
    default: [],
    faults: redirectUriFaults,
    narrows: isSubset,
  },
  requirePkce: {
    rest: 'require_pkce',
    shape: 'flag',
    description: 'Whether the client must use PKCE (RFC 7636)',
    default: false,
    narrows: (before: boolean, after: boolean) => after || !before,
  },
  logoUri: {
    ...WEB_PAGE,
    rest: 'logo_uri',
    registration: 'logo_uri',
    description: 'A picture to show beside the name',
    default: null,
  },
  policyUri: {
    ...WEB_PAGE,
    rest: 'policy_uri',
    registration: 'policy_uri',
    description: 'A page that says what is done with data about people',
    default: null,
  },
  tosUri: {
    ...WEB_PAGE,
    rest: 'tos_uri',
    registration: 'tos_uri',
    description: 'A page with the terms of service',
    default: null,
  },
} as const satisfies Record<string, FieldRow>;

/** What software says of itself beyond the contract: kept in one document, where only what it said is, and not read in `strict`. */
export const METADATA_FIELDS = {
  clientUri: { ...WEB_PAGE, registration: 'client_uri', description: 'A page about the client' },
  contacts: {
    registration: 'contacts',
    shape: 'texts',
    description: 'Ways to reach the people behind the client',
    faults: contactFaults,
  },
  jwksUri: {
    registration: 'jwks_uri',
    shape: 'uri',
    description: "Where the client's public keys are",
    faults: webUriFaults,
  },
  jwks: {
    registration: 'jwks',
    shape: 'object',
    description: "The client's public keys: a JSON Web Key Set",
    faults: jwksFaults,
  },
  tokenEndpointAuthSigningAlg: {
    registration: 'token_endpoint_auth_signing_alg',
    shape: 'text',
    description:
      'The only algorithm that the client may sign assertions with, such as ES256; null: any. Kept for PRIVATE_KEY_JWT alone',
  },
  softwareId: {
    registration: 'software_id',
    shape: 'text',
    description: 'The same for every instance and version of the software',
    faults: (id: string) => textFaults(id),
  },
  softwareVersion: {
    registration: 'software_version',
    shape: 'text',
    description: 'The version of the software',
    faults: (version: string) => textFaults(version),
  },
  softwareStatement: {
    registration: 'software_statement',
    shape: 'text',
    description: 'A signed JWT in which somebody trusted says what the software is (RFC 7591 §2.3)',
  },
  applicationType: {
    registration: 'application_type',
    shape: 'text',
    // OpenID Connect Dynamic Client Registration §2
    values: ['native', 'web'],
    description: 'Where the client runs',
  },
  // OpenID Connect Dynamic Client Registration §2
  initiateLoginUri: {
    registration: 'initiate_login_uri',
    shape: 'uri',
    description: 'Where others may send people to sign in to the client',
    faults: httpsUriFaults,
  },
  // OpenID Connect RP-Initiated Logout §3.1
  postLogoutRedirectUris: {
    registration: 'post_logout_redirect_uris',
    shape: 'uris',
    description: 'Where people may be sent after they sign out',
    faults: redirectUriFaults,
  },
} as const satisfies Record<string, FieldRow>;

export const isList = ({ shape }: FieldRow) => shape === 'texts' || shape === 'uris';

/** Every field by which a caller can be told what to mend. */
export const FIELDS = { ...COLUMN_FIELDS, ...METADATA_FIELDS };
type Fields = typeof FIELDS;
export type ClientField = keyof Fields;

/** The rows, each with its name in GraphQL. */
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

/** How a caller names the fields of a client. */
export type FieldNames = Readonly<Record<ClientField, string>>;

/** The interfaces through which clients come. */
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

/** The fields that each interface has, by the names that it has for them; made once: every request goes through them. */
export const FIELDS_AT: Readonly<Record<Interface, ReturnType<typeof fieldsAt>>> = {
  rest: fieldsAt('rest'),
  registration: fieldsAt('registration'),
  graphql: fieldsAt('graphql'),
};

/** What each interface calls the fields, for faults also those that it does not have: as another does, then. */
export const FIELD_NAMES: Readonly<Record<Interface, FieldNames>> = {
  rest: namesBy(({ rest, registration, graphql }) => rest ?? registration ?? graphql),
  registration: namesBy(({ rest, registration, graphql }) => registration ?? rest ?? graphql),
  graphql: namesBy(({ graphql }) => graphql),
};
