import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestContext } from '../../audit/audit-event.js';
import type { Client } from '../../clients/client/client.js';
import type { Grant } from '../grants/grant.js';
import type { TokenEntity } from '../tokens/token.entity.js';

/** What the library may know of a request, and the changes that it requests. It stores nothing itself. */
export interface UnitOfWork {
  /** The client that was authenticated or named. */
  client: Client;
  /** The redirect URI of the request, which the client registered; null: the request has none. */
  redirectUri: string | null;
  /** A token that was read before: the library sees it as it was then. Null: none was. */
  knownToken: TokenEntity | null;
  /** Counts bytes that are stored before the library answers. */
  spend?: RequestContext['spend'];
  /** The hash of the code or token that is used up. */
  consume?: string;
  /** The grant that the library read; null: none. */
  grant: Grant | null;
  insert: TokenEntity[];
  /** Grants that end, also if the reply is an error. */
  revokedGrants: Set<string>;
  /** What failed in the library, or below it; null: nothing. */
  failure: Error | null;
}

/**
 * Counts bytes that a token request stores. Only clients of an organization use up its limit. Any other client uses up a limit of the user
 * who allowed it, which holds for all of these clients and for any number of addresses.
 * @throws RegistryError `rate_limited`
 */
export function spendTokenBytes(
  { client, grant, spend }: Pick<UnitOfWork, 'client' | 'grant' | 'spend'>,
  bytes: number,
): void {
  // Without a grant, anyone can send proofs of possession for a public client
  if (grant === null) spend?.(client.type === 'public' ? null : client.orgId, bytes);
  else spend?.(grant.orgId, bytes, client.orgId === grant.orgId ? undefined : grant.userId);
}

/** The unit of work of the request that the library answers. */
export const unitOfWork = new AsyncLocalStorage<UnitOfWork>();

export function currentUnit(): UnitOfWork {
  const unit = unitOfWork.getStore();
  if (unit === undefined) throw new Error('The engine was called outside of a unit of work.');
  return unit;
}
