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
/** Events that are left by those of all callers in an hour. */
const MAX_OF_ALL = 1_000;
/** How many of those events are examined. */
export const MAX_RECENT = 2 * MAX_OF_ALL;

/** Events of a client that are read for what it was called and where it led. */
export const MAX_PAST = 100;
/** Limit of a client's names and hosts together. What one version can have is at most 29 KiB. */
const MAX_KEPT_BYTES = 30 * 1024;
/** Bytes of the names that the client has now and that no event has. Above it, each is cut to its share of them. */
const MAX_OWN_NAMES_BYTES = 12 * 1024;
const MAX_CUT_NAME_BYTES = 120;

/** What the audit log keeps of an unused client that ends itself, and the events that make room for it. */
export interface UnusedDeletion {
  entry: AuditEntry;
  surplusIds: string[];
}

/**
 * Keeps one event, with the names that the client had, of long ones the beginning or the hash, all hosts of its redirect URIs, and the address. Over the limit per hour, an event
 * of the network with the most events is removed, so that a flood removes its own events first.
 * @param recent deletions of the last hour
 * @param past the events of the client, or more than {@link MAX_PAST} of them
 * @returns null if they are too many or too large for one event: an attacker could hide a name among decoys if one were omitted
 * @throws RegistryError `rate_limited` if this caller has reached its limit per hour
 */
export function unusedDeletion(
  client: Client,
  address: string | null,
  recent: readonly Pick<AuditEvent, 'id' | 'address'>[],
  past: readonly Pick<AuditEvent, 'changes'>[],
): UnusedDeletion | null {
  // What it is now counts as another event: its first ones may have been purged
  const versions = [...past, clientEntry('client.created', null, client)].flatMap(({ changes }) => changes);
  const changes = [change('names', namesOf(client, versions)), change('redirectHosts', hostsIn(versions))];
  if (past.length > MAX_PAST || Buffer.byteLength(JSON.stringify(changes)) > MAX_KEPT_BYTES) return null;
  const left = recent.map(({ id, address }) => ({ id, networks: networksOf(address) }));
  if (hasUsedUp(left, address)) {
    throw new RegistryError(
      'rate_limited',
      'Too many unused registrations were deleted from this address within an hour. Retry after the time in Retry-After.',
      { retryAfterSeconds: PERIOD_MS / 1000 },
    );
  }
  return {
    entry: { action: UNUSED_DELETED, clientId: client.id, targetId: client.id, changes },
    surplusIds: surplusOf(left),
  };
}

/** That what a client had is gone. */
const change = (field: string, values: (string | Digest)[]): Change => ({
  field,
  before: null,
  after: null,
  removed: [...new Map(values.map((value) => [JSON.stringify(value), value])).values()],
});

/** An event that a client has left which ended itself. */
interface Left {
  id: string;
  /** The networks of the caller, the narrowest first. */
  networks: string[];
}

const networksOf = (address: string | null) => countedFor(address ?? '').map(({ key }) => key);

const hasUsedUp = (recent: readonly Left[], address: string | null): boolean =>
  countedFor(address ?? '').some(
    ({ key, times }) =>
      recent.filter(({ networks }) => networks.includes(key)).length >= times * MAX_OF_CALLER,
  );

/** The events that make room for another: the oldest of the widest network that has left most. */
function surplusOf(recent: readonly Left[]): string[] {
  const idsOf = new Map<string, string[]>();
  for (const { id, networks } of recent) {
    const network = networks.at(-1)!;
    const ids = idsOf.get(network);
    if (ids === undefined) idsOf.set(network, [id]);
    else ids.push(id);
  }
  return Array.from({ length: Math.max(0, recent.length + 1 - MAX_OF_ALL) }, () => {
    const [most] = [...idsOf.values()].sort((a, b) => b.length - a.length);
    return most!.shift()!;
  });
}

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
