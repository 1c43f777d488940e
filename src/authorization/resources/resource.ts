/** The format of access tokens for a resource: a random string, or a signed JWT (RFC 9068). */
export type TokenFormat = 'opaque' | 'jwt';

/** An API that accepts access tokens of this server (RFC 8707). */
export interface Resource {
  /** An absolute URI without a trailing slash. */
  identifier: string;
  tokenFormat: TokenFormat;
}

/** Identifiers are compared without a trailing slash. */
export const normalizeIdentifier = (identifier: string): string => identifier.replace(/\/+$/, '');
