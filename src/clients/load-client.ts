import type { EntityManager } from 'typeorm';
import { validate as isClientId } from 'uuid';
import { RegistryError } from '../errors/registry-error.js';
import type { Client } from './client.js';
import { ClientEntity } from './client.entity.js';
import type { ClientKey } from './client-query.js';

/** A client that registered itself, and the hash of the token by which it manages itself. */
export interface Registration {
  client: Client;
  tokenHash: string;
}

/** The client; null where there is none. What is no client_id never reaches the database. */
export async function findClient(manager: EntityManager, key: ClientKey): Promise<Client | null> {
  return isClientId(key.id) ? manager.findOneBy(ClientEntity, { ...key }) : null;
}

/**
 * The client, which nobody else can change before the transaction ends.
 * @throws RegistryError `not_found`
 */
export async function lockClient(manager: EntityManager, key: ClientKey): Promise<Client> {
  const client = isClientId(key.id)
    ? await manager.findOne(ClientEntity, { where: { ...key }, lock: rowLock(manager) })
    : null;
  if (client === null) throw noSuchClient();
  return client;
}

/** The registration; null where there is no client by that id, or one that did not register itself. */
export async function findRegistration(
  manager: EntityManager,
  id: string,
  { isLocked }: { isLocked: boolean },
): Promise<Registration | null> {
  if (!isClientId(id)) return null;
  const query = manager
    .createQueryBuilder(ClientEntity, 'client')
    .addSelect('client.registrationTokenHash')
    .where('client.id = :id', { id });
  const lock = isLocked ? rowLock(manager) : undefined;
  if (lock) query.setLock(lock.mode);
  const found = await query.getOne();
  if (!found?.registrationTokenHash) return null;
  const { registrationTokenHash: tokenHash, ...client } = found;
  return { client, tokenHash };
}

export const noSuchClient = () => new RegistryError('not_found', 'There is no such client.');

/** SQLite has one writer at a time, and knows no lock of a row. */
function rowLock(manager: EntityManager) {
  const isPostgres = manager.dataSource.options.type === 'postgres';
  return isPostgres ? { mode: 'pessimistic_write' as const } : undefined;
}
