import type { GrantType } from './grant-types.js';
import type { JsonWebKeySet } from './jwks.js';

/** RFC 6749 §2.1 */
export const CLIENT_TYPES = ['public', 'confidential'] as const;
export type ClientType = (typeof CLIENT_TYPES)[number];

/** RFC 7591 §2: the methods of the contract. */
export const CONTRACT_AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post'] as const;

/** The same, with those of OpenID Connect Core §9 that are offered beyond the contract. */
export const TOKEN_ENDPOINT_AUTH_METHODS = [...CONTRACT_AUTH_METHODS, 'private_key_jwt'] as const;
export type TokenEndpointAuthMethod = (typeof TOKEN_ENDPOINT_AUTH_METHODS)[number];

/** Whether a client authenticates with a secret, and so is issued one. */
export const usesSecret = ({
  tokenEndpointAuthMethod: method,
}: Pick<ClientProfile, 'tokenEndpointAuthMethod'>) =>
  method === 'client_secret_basic' || method === 'client_secret_post';

/** Signatures of client assertions: asymmetric ones only, since a symmetric one needs a secret in clear here. */
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

/** OpenID Connect Dynamic Client Registration §2 */
export const APPLICATION_TYPES = ['native', 'web'] as const;
export type ApplicationType = (typeof APPLICATION_TYPES)[number];

/** What software says of itself beyond the contract; only what it said is there. */
export interface ExtendedMetadata {
  clientUri?: string;
  /** Ways to reach the people behind the client, such as e-mail addresses. */
  contacts?: string[];
  jwksUri?: string;
  jwks?: JsonWebKeySet;
  /** The only algorithm that assertions may be signed with; left out: any. Kept for `private_key_jwt` alone. */
  tokenEndpointAuthSigningAlg?: string;
  softwareId?: string;
  softwareVersion?: string;
  applicationType?: ApplicationType;
  /** What somebody trusted says of the software: a signed JWT, as it was sent (RFC 7591 §2.3). */
  softwareStatement?: string;
  /** Members in other languages under their full names, such as `client_name#ja` (RFC 7591 §2.2). */
  translations?: Record<string, string>;
}

/** A client as somebody asks for it: what is left out is up to the registry. */
export interface ClientDraft extends ExtendedMetadata {
  name?: string;
  type?: ClientType;
  tokenEndpointAuthMethod?: TokenEndpointAuthMethod;
  /** As named by the caller: may hold grants that are not offered here. */
  grantTypes?: string[];
  scopes?: string[];
  redirectUris?: string[];
  requirePkce?: boolean;
  logoUri?: string;
  policyUri?: string;
  tosUri?: string;
}

/** A field by which a caller can be told what to mend. */
export type ClientField = keyof Omit<ClientDraft, 'translations'>;

/** A client as it is granted: complete, valid, and nothing in it twice. */
export interface ClientProfile {
  /** Null where it has none; it is then called by its client_id. */
  name: string | null;
  type: ClientType;
  tokenEndpointAuthMethod: TokenEndpointAuthMethod;
  grantTypes: GrantType[];
  scopes: string[];
  redirectUris: string[];
  requirePkce: boolean;
  logoUri: string | null;
  policyUri: string | null;
  tosUri: string | null;
  metadata: ExtendedMetadata;
}
