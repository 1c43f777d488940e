import { type AuditAction, type AuditEntry, changesBetween } from '../../audit/audit-event.js';
import { auditedFields, type Client } from './client.js';

/** The audit entry of a client that an action changed; `before` is null for a new client. */
export function clientEntry(action: AuditAction, before: Client | null, after: Client): AuditEntry {
  const { id } = after;
  const changes = changesBetween(before && auditedFields(before), auditedFields(after));
  return { action, clientId: id, targetId: id, changes };
}

/** An action on a secret of a client. */
export type SecretEntry = Pick<AuditEntry, 'action' | 'targetId'>;

/** The audit entry of an action on a secret of a client. */
export const secretEntry = (action: AuditAction, clientId: string, targetId: string): AuditEntry => ({
  action,
  clientId,
  targetId,
  changes: [],
});
