import { type EntityManager, type FindOneOptions, IsNull, Not } from 'typeorm';
import { validate as isClientId } from 'uuid';
import type { Asker } from '../../database/sql/asker.js';
import { rowLock } from '../../database/sql/row-lock.js';
import type { Transactions } from '../../database/writes/transactions.js';
import { RegistryError } from '../../errors/registry-error.js';
import type { Client, ClientStatus } from './client.js';
import { ClientEntity } from './client.entity.js';
import type { ClientKey } from './client-query.js';

/** What tells whether a token manages a registration now. */
export interface RegistrationToken {
  tokenHash: string;
  status: ClientStatus;
}

/** A client that registered itself, and the hash of the token by which it manages itself. */
export interface Registration {
  client: Client;
  tokenHash: string;
}

/**
 * Runs `work` in a transaction on a client that nobody else can change before it ends. What is no client_id begins none.
 * @throws RegistryError `not_found`
 */
export async function withLockedClient<T>(
  transactions: Transactions,
  key: ClientKey,
  asker: Asker,
  work: (client: Client, manager: EntityManager) => Promise<T>,
): Promise<T> {
  if (!isClientId(key.id)) throw noSuchClient();
  return transactions.run(
    async (manager) => {
      const client = await manager.findOne(ClientEntity, { ...optionsFor(key), lock: rowLock(manager) });
      if (client === null) throw noSuchClient();
      return work(client, manager);
    },
    asker,
    key.id,
  );
}

/** The registration, locked; null where there is no client by that id, or one that did not register itself. */
export async function lockRegistration(manager: EntityManager, id: string): Promise<Registration | null> {
  if (!isClientId(id)) return null;
  const query = manager
    .createQueryBuilder(ClientEntity, 'client')
    .addSelect('client.registrationTokenHash')
    .where('client.id = :id', { id });
  const lock = rowLock(manager);
  if (lock) query.setLock(lock.mode);
  const found = await query.getOne();
  if (!found?.registrationTokenHash) return null;
  const { registrationTokenHash: tokenHash, ...client } = found;
  return { client, tokenHash };
}

function optionsFor({ id, orgId, isDeleted = false }: ClientKey): FindOneOptions<ClientEntity> {
  const owned = { id, ...(orgId !== undefined && { orgId }) };
  return isDeleted ? { where: { ...owned, deletedAt: Not(IsNull()) }, withDeleted: true } : { where: owned };
}

export const noSuchClient = () => new RegistryError('not_found', 'There is no such client.');
