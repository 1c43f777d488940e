import type { Role } from '../principal/principal.js';
import type { ApiKeyEntity } from './api-key.entity.js';

/** A key, without itself. */
export type ApiKey = Omit<ApiKeyEntity, 'hash'>;

/** The input for a new key. */
export type NewApiKey = Pick<ApiKey, 'name' | 'orgId' | 'userId' | 'role' | 'expiresAt'>;

/** Which keys; those that match everything that is said. */
export interface ApiKeyFilter {
  /** Exclusive. */
  expiresBefore?: Date;
  role?: Role;
  orgId?: string;
  /** Those that are neither revoked nor expired; or all others. */
  active?: boolean;
}
