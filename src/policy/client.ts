import {
  type ClientField,
  type COLUMN_FIELDS,
  FIELDS,
  FIELDS_AT,
  type FieldValues,
  type Interface,
  type METADATA_FIELDS,
  type NameAt,
} from './fields.js';

export const CLIENT_TYPES = FIELDS.type.values;
export type ClientType = FieldValues['type'];

/** RFC 7591 §2: the methods of the contract. */
export const CONTRACT_AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post'] as const;

export const TOKEN_ENDPOINT_AUTH_METHODS = FIELDS.tokenEndpointAuthMethod.values;
export type TokenEndpointAuthMethod = FieldValues['tokenEndpointAuthMethod'];

/** Whether a client authenticates with a secret, and so is issued one. */
export const usesSecret = ({
  tokenEndpointAuthMethod: method,
}: Pick<ClientMetadata, 'tokenEndpointAuthMethod'>) =>
  method === 'client_secret_basic' || method === 'client_secret_post';

/** Signatures of client assertions: asymmetric ones only, since a symmetric one needs a secret in plaintext here. */
export const ASSERTION_SIGNING_ALGORITHMS: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export const APPLICATION_TYPES = FIELDS.applicationType.values;
export type ApplicationType = FieldValues['applicationType'];

/** What software says of itself beyond the contract; only what it said is there. */
export interface ExtendedMetadata extends Partial<Pick<FieldValues, keyof typeof METADATA_FIELDS>> {
  /** Members in other languages under their full names, such as `client_name#ja` (RFC 7591 §2.2). */
  translations?: Record<string, string>;
}

type Columns = typeof COLUMN_FIELDS;

/** Requested metadata of a client. The registry sets defaults for omitted members. */
export interface ClientMetadataInput extends Partial<Omit<FieldValues, 'grantTypes'>> {
  /** As named by the caller: may hold grants that are not offered here. */
  grantTypes?: string[];
  translations?: ExtendedMetadata['translations'];
}

type Nullable = { [F in keyof Columns]: Columns[F] extends { default: null } ? F : never }[keyof Columns];
type GrantedColumns = {
  [F in keyof Columns]: FieldValues[F] | (F extends Nullable ? null : never);
};

/** A client as it is granted: complete, valid, and nothing in it twice. One without a name is called by its client_id. */
export interface ClientMetadata extends GrantedColumns {
  metadata: ExtendedMetadata;
}

/** What a request names of a client, and nothing else: what it leaves out is not there, what it sets to null is undefined. */
export function readFields(at: Interface, request: object): ClientMetadataInput {
  const values = request as Partial<Record<string, unknown>>;
  const draft: Partial<Record<ClientField, unknown>> = {};
  for (const { field, name } of FIELDS_AT[at]) {
    if (values[name] !== undefined) draft[field] = values[name] ?? undefined;
  }
  return draft as ClientMetadataInput;
}

/** What an interface says if a client does not have a field. */
type Absent<I extends Interface, V> = I extends 'registration'
  ? undefined
  : V extends string[]
    ? never
    : null;

/** The fields of a client, by the names that an interface has for them. */
export type ShownFields<I extends Interface> = {
  [F in ClientField as NameAt<I, F>]:
    FieldValues[F] | (F extends Nullable | keyof typeof METADATA_FIELDS ? Absent<I, FieldValues[F]> : never);
};

/** What a client is. A registration leaves out what is not there (RFC 7591 §3.2.1); the others say null, or an empty list. */
export function showFields<I extends Interface>(at: I, client: ClientMetadata): ShownFields<I> {
  const columns: Partial<Record<ClientField, unknown>> = client;
  const metadata: Partial<Record<ClientField, unknown>> = client.metadata;
  const shown: Record<string, unknown> = {};
  for (const { field, name, isList } of FIELDS_AT[at]) {
    const absent = at === 'registration' ? undefined : isList ? [] : null;
    const value = columns[field] ?? metadata[field] ?? absent;
    if (value !== undefined) shown[name] = value;
  }
  return shown as ShownFields<I>;
}
