import { type EntityManager } from 'typeorm';
import { type Author, type Change, changesBetween } from '../audit/audit-event.js';
import { eventsOfAction, eventsOfClient, record, removeEvents } from '../audit/audit-trail.js';
import { countedFor } from '../addresses/subscriber.js';
import { RegistryError } from '../errors/registry-error.js';
import { removeUnused } from './client-use.repository.js';
import type { Client } from './client.js';

const ACTION = 'unused_client.deleted';
const HOUR_MS = 3_600_000;

/** Unused clients of one caller that may end themselves in an hour. Each leaves an event. */
const MAX_OF_CALLER = 60;
/** Events that are left by those of all callers in an hour. */
const MAX_OF_ALL = 1_000;

/** Events of a client that are read for what it was called and where it led. */
const MAX_EVENTS = 200;

/**
 * Removes an unused client for good that ended itself, with what the trail says of what it did. One event stays, with its names, the hosts
 * of its redirect URIs, and the address. Where there are too many of the last hour, one of the network goes that has left most: who floods
 * the trail keeps nobody else from leaving, and loses its own events first.
 * @throws RegistryError `rate_limited` where so many of this caller did in the last hour
 */
export async function deleteUnused(manager: EntityManager, client: Client, by: Author): Promise<void> {
  const since = new Date(Date.now() - HOUR_MS);
  const recent = (await eventsOfAction(manager, ACTION, since, 2 * MAX_OF_ALL)).map(({ id, address }) => ({
    id,
    networks: networksOf(address),
  }));
  if (hasUsedUp(recent, by.address)) {
    throw new RegistryError(
      'rate_limited',
      'Too many registrations that nobody has used were ended from this address within an hour; try again later.',
      { retryAfterSeconds: HOUR_MS / 1000 },
    );
  }
  const past = (await eventsOfClient(manager, client.id, MAX_EVENTS)).flatMap(({ changes }) => changes);
  const names = [client.name, ...valuesOf(past, 'name')];
  const redirectHosts = [...client.redirectUris, ...valuesOf(past, 'redirectUris')].flatMap(hostOf);
  const kept = { names: [...new Set(names)], redirectHosts: [...new Set(redirectHosts)] };
  await removeUnused(manager, [client.id]);
  await removeEvents(manager, surplusOf(recent));
  await record(manager, by, [
    { action: ACTION, clientId: client.id, targetId: client.id, changes: changesBetween(kept, null) },
  ]);
}

/** An event that a client has left which ended itself. */
interface Left {
  id: string;
  /** From where, the narrowest network first. */
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

/** What a field has been, as far as the trail has it in full. */
const valuesOf = (changes: readonly Change[], field: string): string[] =>
  changes
    .filter((change) => change.field === field)
    .flatMap(({ before, after, added = [], removed = [] }) => [before, after, added, removed].flat())
    .filter((value) => typeof value === 'string');

/** The host that a redirect URI leads to, or its scheme where that is no host's. */
function hostOf(uri: string): string[] {
  if (!URL.canParse(uri)) return [];
  const { protocol, host } = new URL(uri);
  return [/^https?:$/.test(protocol) ? host : protocol];
}
