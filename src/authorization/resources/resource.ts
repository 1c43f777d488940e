/** How access tokens for a resource look: a random string, or a signed JWT (RFC 9068). */
export const TOKEN_FORMATS = ['opaque', 'jwt'] as const;
export type TokenFormat = (typeof TOKEN_FORMATS)[number];

/** A scope that a resource defines. */
export interface ResourceScope {
  name: string;
  title: string | null;
  description: string | null;
  /** Only for clients that are verified or belong to an organization. */
  restricted: boolean;
}

/** An API that takes our access tokens (RFC 8707). */
export interface Resource {
  /** The absolute URI that clients ask for, without a trailing slash. */
  identifier: string;
  name: string;
  /** Empty: any scope of a client. */
  scopes: ResourceScope[];
  tokenFormat: TokenFormat;
  accessTokenLifetimeSeconds: number;
}

export const DEFAULT_ACCESS_TOKEN_LIFETIME_SECONDS = 3600;

/** Identifiers are the same with and without a slash at the end. */
export const normalizeIdentifier = (identifier: string): string => identifier.replace(/\/+$/, '');
