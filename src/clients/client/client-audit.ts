import {
  type ActorType,
  type AuditAction,
  type AuditEntry,
  changesBetween,
  type RequestContext,
} from '../../audit/audit-event.js';
import type { Budget } from '../../audit/audit-events.repository.js';
import { auditedFields, type Client } from './client.js';

/** The audit entry of a client that an action changed; `before` is null for a new client. */
export function clientEntry(action: AuditAction, before: Client | null, after: Client): AuditEntry {
  const { id } = after;
  const changes = changesBetween(before && auditedFields(before), auditedFields(after));
  return { action, clientId: id, targetId: id, changes };
}

/** Software that registers clients, and manages them. */
const SOFTWARE: ReadonlySet<ActorType> = new Set(['initial_access_token', 'registration_token']);

/** Software has a part of the limit of its organization, so that it leaves the rest to the members: all with one initial access token. */
export const budgetOf = (
  { actor }: RequestContext,
  { id, orgId, initialAccessTokenId }: Pick<Client, 'id' | 'orgId' | 'initialAccessTokenId'>,
): Budget => ({ orgId, partId: SOFTWARE.has(actor.type) ? (initialAccessTokenId ?? id) : undefined });

/** An action on a secret of a client. */
export type SecretEntry = Pick<AuditEntry, 'action' | 'targetId'>;

/** The audit entry of an action on a secret of a client. */
export const secretEntry = (action: AuditAction, clientId: string, targetId: string): AuditEntry => ({
  action,
  clientId,
  targetId,
  changes: [],
});
