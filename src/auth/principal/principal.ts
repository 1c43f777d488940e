import type { Actor } from '../../audit/audit-event.js';

/** What a caller may do: `member` sees its own organization through REST, `admin` may use GraphQL, across all. */
export const ROLES = ['member', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who is calling, however they proved it. */
export interface Principal {
  orgId: string;
  userId: string;
  role: Role;
  /** How they proved it, as the audit trail names them. */
  actor: Actor;
  /** Of the API key that they showed, or signed in with; null: it was no key. */
  keyName: string | null;
  /** When their session ends; null: they showed the credential itself. */
  sessionExpiresAt: Date | null;
}
