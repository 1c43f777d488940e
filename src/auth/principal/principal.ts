import type { Actor } from '../../audit/audit-event.js';

/** What each role may do, in words for operators; `access-roles.ts` says which handlers let it in. */
export const ROLE_DESCRIPTIONS = {
  member: 'Manages the clients of its organization through REST, and registers clients for it.',
  viewer: 'Reads everything through GraphQL and the console, across organizations. Changes nothing.',
  service:
    'For authorization servers: authenticates clients of any organization, gets them by client_id, reports their use, and introspects tokens.',
  admin: 'Manages everything through GraphQL and the console, and does what member and service may.',
} as const;
export type Role = keyof typeof ROLE_DESCRIPTIONS;
export const ROLES = Object.keys(ROLE_DESCRIPTIONS) as Role[];

/** The authenticated caller, for every kind of credentials. */
export interface Principal {
  orgId: string;
  userId: string;
  role: Role;
  /** How they proved it, as the audit log names them. */
  actor: Actor;
  /** Name of the API key that authenticated the request or the session; null for other credentials. */
  keyName: string | null;
  /** When their session ends; null: they showed the credential itself. */
  sessionExpiresAt: Date | null;
}

/** The organization whose clients a principal finds by id; a service finds those of any. */
export const lookupScope = ({ role, orgId }: Principal): { orgId?: string } =>
  role === 'service' ? {} : { orgId };
