import type { Client } from '../../clients/client/client.js';
import type { Grant } from './grant.js';

/** What a token says of the user or client that it stands for. */
export interface Subject {
  /** The user, or the client if no user is involved. Unique together with `org_id` only. */
  sub: string;
  /** The organization of the user, or of the client. Absent: the client belongs to none. */
  org_id?: string;
}

export function subjectOf(client: Client, grant: Grant | null): Subject {
  if (grant !== null) return { sub: grant.userId, org_id: grant.orgId };
  return { sub: client.id, ...(client.orgId !== null && { org_id: client.orgId }) };
}
