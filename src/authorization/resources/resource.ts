import type { ResourceDraft } from '../../policy/resource.js';

/** An API that accepts access tokens of this server (RFC 8707). */
export interface Resource extends ResourceDraft {
  /** Null: it is configured by AUTHORIZATION_RESOURCES, or not known by name. */
  id: string | null;
  /** Null: as id. */
  createdAt: Date | null;
  updatedAt: Date | null;
}

/** A resource in the database. */
export interface StoredResource extends Resource {
  id: string;
  createdAt: Date;
  updatedAt: Date;
}
