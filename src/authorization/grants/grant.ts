/** The scopes that a user granted, for each resource (RFC 8707). */
export type GrantedScopes = Record<string, string[]>;

/** Which grants; those that match everything that is said. */
export interface GrantFilter {
  clientId?: string;
  userId?: string;
  orgId?: string;
}

/** What one user allowed one client to do. */
export interface Grant {
  id: string;
  /** The internal id of the client. */
  clientId: string;
  userId: string;
  orgId: string;
  scopes: GrantedScopes;
  /** The hosts to which the user was sent with a code. Null: none is known. */
  redirectHosts: string[] | null;
  createdAt: Date;
  /** When a token was last issued under it. Null: never. */
  lastUsedAt: Date | null;
  /** Null: it is good. */
  revokedAt: Date | null;
}
