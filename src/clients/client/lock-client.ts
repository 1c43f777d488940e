import { type EntityManager, type FindOneOptions, IsNull, Not } from 'typeorm';
import { validate as isClientId } from 'uuid';
import type { Cancellation } from '../../database/sql/cancellation.js';
import { rowLock } from '../../database/sql/row-lock.js';
import type { Transactions } from '../../database/writes/transactions.js';
import { RegistryError } from '../../errors/registry-error.js';
import type { Client } from './client.js';
import { ClientEntity } from './client.entity.js';
import type { ClientKey } from './client-query.js';

/**
 * Runs `work` in a transaction on a client that nobody else can change before it ends. What is no client_id begins none.
 * @throws RegistryError `not_found`
 */
export async function withLockedClient<T>(
  transactions: Transactions,
  key: ClientKey,
  cancellation: Cancellation,
  work: (client: Client, manager: EntityManager) => Promise<T>,
): Promise<T> {
  if (!isClientId(key.id)) throw noSuchClient();
  return transactions.run(
    async (manager) => {
      const client = await manager.findOne(ClientEntity, { ...optionsFor(key), lock: rowLock(manager) });
      if (client === null) throw noSuchClient();
      return work(client, manager);
    },
    cancellation,
    key.id,
  );
}

function optionsFor({ id, orgId, isDeleted = false }: ClientKey): FindOneOptions<ClientEntity> {
  const owned = { id, ...(orgId !== undefined && { orgId }) };
  return isDeleted ? { where: { ...owned, deletedAt: Not(IsNull()) }, withDeleted: true } : { where: owned };
}

export const noSuchClient = () => new RegistryError('not_found', 'There is no such client.');
