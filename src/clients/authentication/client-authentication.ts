import type { Client } from '../client/client.js';

/** The JWT profile for client authentication (RFC 7523 §2.2). */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What a client authenticates with, however it was sent. */
export interface ClientCredentials {
  clientId: string;
  /** Undefined: none was sent. */
  clientSecret?: string;
  /** A JWT that the client signed (RFC 7523); undefined: none was sent. */
  clientAssertion?: string;
  clientAssertionType?: string;
  /** The issuer identifier of the asking authorization server: the only audience that an assertion may have. */
  audience?: string;
}

/** How clients authenticate; a secret is the same in a header and in a body. */
export const CLIENT_AUTHENTICATION_METHODS = ['none', 'client_secret', 'private_key_jwt'] as const;
export type ClientAuthenticationMethod = (typeof CLIENT_AUTHENTICATION_METHODS)[number];

/** Why a client is not authenticated, for the authorization server that asks, not for the client. */
export const AUTHENTICATION_FAILURES = {
  unknown_client: 'No client has this client_id.',
  deleted_client: 'The client was deleted. It can register again.',
  disabled_client: 'The client is disabled.',
  wrong_method: 'The credentials are not those of the registered token_endpoint_auth_method.',
  wrong_secret: 'The client has no such secret.',
  expired_secret: 'The secret has expired.',
  revoked_secret: 'The secret was revoked.',
  invalid_assertion: 'The client assertion is invalid.',
} as const;
export type AuthenticationFailure = keyof typeof AUTHENTICATION_FAILURES;

/** An authenticated client. */
export interface AuthenticatedClient {
  client: Client;
  method: ClientAuthenticationMethod;
  /** The secret that it showed; null: another method. */
  secret: { id: string; expiresAt: Date | null } | null;
  /** The `kid` of the key that signed its assertion; null: another method, or a key without one. */
  keyId: string | null;
}

export interface FailedAuthentication {
  /** The method that was tried. */
  method: ClientAuthenticationMethod;
  failure: AuthenticationFailure;
  description: string;
}
