import {
  type AuditEntry,
  type AuditEvent,
  type Change,
  type Digest,
  hostOf,
  isName,
} from '../../audit/audit-event.js';
import { countedFor } from '../../addresses/networks.js';
import { RegistryError } from '../../errors/registry-error.js';
import { translatedNames } from '../../policy/reserved-name.js';
import { clientEntry } from '../client/client-audit.js';
import type { Client } from '../client/client.js';

export const UNUSED_DELETED = 'unused_client.deleted';
/** Time in which deletions are counted. */
export const PERIOD_MS = 3_600_000;

/** Unused clients of one caller that may end themselves in an hour. Each leaves an event. */
const MAX_OF_CALLER = 60;
/** Those of all callers, so that the disk is not filled from many addresses. */
export const MAX_OF_ALL = 1_000;
/** Above this many of all callers, one of each network: a flood from a few networks does not stop others. */
const MAX_OF_FLOOD = 500;

/** Events of a client that are read for what it was called and where it led. */
export const MAX_PAST = 100;
/** Limit of a client's names and hosts together. What one version can have is at most 29 KiB. */
const MAX_KEPT_BYTES = 30 * 1024;
/** Bytes of the names that the client has now and that no event has. Above it, each is cut to its share of them. */
const MAX_OWN_NAMES_BYTES = 12 * 1024;
const MAX_CUT_NAME_BYTES = 120;

/**
 * What the audit log keeps of an unused client that ends itself: one event, with the names that the client had, of long ones the beginning or
 * the hash, all hosts of its redirect URIs, and the address. No deletion removes the event of another one.
 * @param recent deletions of the last hour, at least {@link MAX_OF_ALL} of them if there are as many
 * @param past the events of the client, or more than {@link MAX_PAST} of them
 * @returns null if they are too many or too large for one event: an attacker could hide a name among decoys if one were omitted
 * @throws RegistryError `rate_limited` if this caller, or all, have reached their limit per hour
 */
export function unusedDeletion(
  client: Client,
  address: string | null,
  recent: readonly Pick<AuditEvent, 'address'>[],
  past: readonly Pick<AuditEvent, 'changes'>[],
): AuditEntry | null {
  // What it is now counts as another event: its first ones may have been purged
  const versions = [...past, clientEntry('client.created', null, client)].flatMap(({ changes }) => changes);
  const changes = [change('names', namesOf(client, versions)), change('redirectHosts', hostsIn(versions))];
  if (past.length > MAX_PAST || Buffer.byteLength(JSON.stringify(changes)) > MAX_KEPT_BYTES) return null;
  requireRoom(address, recent);
  return { action: UNUSED_DELETED, clientId: client.id, targetId: client.id, changes };
}

/** That what a client had is gone. */
const change = (field: string, values: (string | Digest)[]): Change => ({
  field,
  before: null,
  after: null,
  removed: [...new Map(values.map((value) => [JSON.stringify(value), value])).values()],
});

function requireRoom(address: string | null, recent: readonly Pick<AuditEvent, 'address'>[]): void {
  const networks = recent.map((event) => countedFor(event.address ?? '').map(({ key }) => key));
  const own = countedFor(address ?? '').map(({ key, times }) => ({
    used: networks.filter((keys) => keys.includes(key)).length,
    max: times * MAX_OF_CALLER,
  }));
  if (own.some(({ used, max }) => used >= max)) throw tooMany(' from this address');
  const isFlood = recent.length >= MAX_OF_FLOOD && own.at(-1)!.used > 0;
  if (isFlood || recent.length >= MAX_OF_ALL) throw tooMany('');
}

const tooMany = (where: string) =>
  new RegistryError(
    'rate_limited',
    `Too many unused registrations were deleted${where} within an hour. Retry after the time in Retry-After.`,
    { retryAfterSeconds: PERIOD_MS / 1000 },
  );

/** What fields have been, the first value first. */
const valuesOf = (changes: readonly Change[], isWanted: (field: string) => boolean): unknown[] =>
  changes
    .filter(({ field }) => isWanted(field))
    .flatMap(({ before, after, added = [], removed = [] }) => [before, removed, after, added].flat());

/**
 * What a client was called, in any language: the names that its events have, those that it has now, and the hashes of translations that are
 * not in its events.
 */
function namesOf({ name, metadata }: Client, changes: readonly Change[]): (string | Digest)[] {
  const known = valuesOf(changes, isName).filter((value) => typeof value === 'string');
  const own = [name, ...translatedNames(metadata)].filter((each) => !known.includes(each));
  const isLong = Buffer.byteLength(own.join('')) > MAX_OWN_NAMES_BYTES;
  const hidden = valuesOf(changes, (field) => field === 'translations').filter((value) => value !== null);
  return [...known, ...(isLong ? own.map(cut) : own), ...(hidden as Digest[])];
}

/** The beginning of a name. */
function cut(name: string): string {
  if (Buffer.byteLength(name) <= MAX_CUT_NAME_BYTES) return name;
  // Not within a character
  return `${new TextDecoder().decode(Buffer.from(name).subarray(0, MAX_CUT_NAME_BYTES), { stream: true })}…`;
}

/** Where redirect URIs have led, those included that the audit log has as a digest. */
const hostsIn = (changes: readonly Change[]): string[] =>
  valuesOf(changes, (field) => field === 'redirectUris').flatMap((value) =>
    typeof value === 'string' ? hostOf(value) : ((value as Digest | null)?.hosts ?? []),
  );
