import { type EntityManager } from 'typeorm';
import { type Author, type Change, changesBetween } from '../audit/audit-event.js';
import { countOfAction, eventsOfClient, record } from '../audit/audit-trail.js';
import { RegistryError } from '../errors/registry-error.js';
import { removeUnused } from './client-use.repository.js';
import type { Client } from './client.js';

const ACTION = 'unused_client.deleted';
const HOUR_MS = 3_600_000;

/** Unused clients that may end themselves in an hour: of one address, and of all. Each leaves an event. */
const MAX_OF_ADDRESS = 60;
const MAX_OF_ALL = 1_000;

/** Events of a client that are read for what it was called and where it led. */
const MAX_EVENTS = 200;

/**
 * Removes an unused client for good that ended itself, with what the trail says of what it did. One event stays, with its names, the hosts
 * of its redirect URIs, and the address.
 * @throws RegistryError `rate_limited` where so many did in the last hour that their events would fill the disk
 */
export async function deleteUnused(manager: EntityManager, client: Client, by: Author): Promise<void> {
  const since = new Date(Date.now() - HOUR_MS);
  const { ofAddress, ofAll } = await countOfAction(manager, ACTION, since, by.address, MAX_OF_ALL);
  if (ofAddress >= MAX_OF_ADDRESS || ofAll >= MAX_OF_ALL) {
    throw new RegistryError(
      'rate_limited',
      'Too many registrations that nobody has used were ended within an hour; try again later.',
      { retryAfterSeconds: HOUR_MS / 1000 },
    );
  }
  const past = (await eventsOfClient(manager, client.id, MAX_EVENTS)).flatMap(({ changes }) => changes);
  const names = [client.name, ...valuesOf(past, 'name')];
  const redirectHosts = [...client.redirectUris, ...valuesOf(past, 'redirectUris')].flatMap(hostOf);
  const kept = { names: [...new Set(names)], redirectHosts: [...new Set(redirectHosts)] };
  await removeUnused(manager, [client.id]);
  await record(manager, by, [
    { action: ACTION, clientId: client.id, targetId: client.id, changes: changesBetween(kept, null) },
  ]);
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
