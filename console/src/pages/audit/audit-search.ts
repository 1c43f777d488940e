import type { ActorType, AuditAction, Channel } from '../../graphql/operations';
import { type PageSearch, readPageSearch } from '../../parts/paging';
import { day, oneOf, text, withoutBlanks } from '../../parts/search';

export const ACTIONS = [
  'CLIENT_CREATED',
  'CLIENT_UPDATED',
  'CLIENT_DISABLED',
  'CLIENT_ENABLED',
  'CLIENT_VERIFIED',
  'CLIENT_UNVERIFIED',
  'CLIENT_DELETED',
  'CLIENT_RESTORED',
  'CLIENT_PURGED',
  'UNUSED_CLIENTS_REMOVED',
  'UNUSED_CLIENT_DELETED',
  'CLIENT_SECRET_ISSUED',
  'CLIENT_SECRET_REVOKED',
  'REGISTRATION_TOKEN_ISSUED',
  'API_KEY_CREATED',
  'API_KEY_REVOKED',
  'INITIAL_ACCESS_TOKEN_CREATED',
  'INITIAL_ACCESS_TOKEN_REVOKED',
  'SESSION_STARTED',
  'SESSION_ENDED',
  'ACCESS_DENIED',
] as const satisfies readonly AuditAction[];
export const ACTOR_TYPES = [
  'API_KEY',
  'JWT',
  'INITIAL_ACCESS_TOKEN',
  'REGISTRATION_TOKEN',
  'ANONYMOUS',
  'SYSTEM',
] as const satisfies readonly ActorType[];
export const CHANNELS = [
  'REST',
  'REGISTRATION',
  'GRAPHQL',
  'CONSOLE',
  'CLI',
  'JOB',
] as const satisfies readonly Channel[];

/** Filters and page of the audit log, as the URL holds them. */
export interface AuditSearch extends PageSearch {
  action?: AuditAction;
  actorType?: ActorType;
  actorId?: string;
  channel?: Channel;
  clientId?: string;
  /** Days: `2026-11-24`, the first and the last of them. */
  since?: string;
  until?: string;
}

export const readAuditSearch = (raw: Record<string, unknown>): AuditSearch =>
  withoutBlanks({
    action: oneOf(ACTIONS, raw.action),
    actorType: oneOf(ACTOR_TYPES, raw.actorType),
    actorId: text(raw.actorId),
    channel: oneOf(CHANNELS, raw.channel),
    clientId: text(raw.clientId),
    since: day(raw.since),
    until: day(raw.until),
    ...readPageSearch(raw),
  });
