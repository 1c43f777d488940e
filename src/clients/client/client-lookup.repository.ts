import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';
import { validate as isClientId } from 'uuid';
import type { Cancellation } from '../../queues/cancellation.js';
import { type Lookup, batchedFindOne } from '../../database/sql/lookup.js';
import { rowLock } from '../../database/sql/for-update.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { RegistryError } from '../../errors/registry-error.js';
import type { Client } from './client.js';
import { ClientEntity, REMOVED_AT } from './client.entity.js';
import type { ClientKey } from './client-query.js';

/** Finds one client by its id. Lookups of the same moment are one statement. */
@Injectable()
export class ClientLookupRepository {
  private readonly byId: Lookup<ClientEntity>;
  private readonly byIdAndOrg: Lookup<ClientEntity>;

  constructor(
    dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {
    this.byId = batchedFindOne(dataSource, ClientEntity, ['id']);
    this.byIdAndOrg = batchedFindOne(dataSource, ClientEntity, ['id', 'orgId']);
  }

  /** The client; null if there is none. */
  async find({ id, orgId }: ClientKey): Promise<Client | null> {
    if (!isClientId(id)) return null;
    return orgId === undefined ? this.byId([id]) : this.byIdAndOrg([id, orgId]);
  }

  /** @throws RegistryError `not_found` */
  async get(key: ClientKey): Promise<Client> {
    const client = await this.find(key);
    if (client === null) throw noSuchClient();
    return client;
  }

  /**
   * Runs `work` in a transaction that has locked the client. A value that is not a client_id begins no transaction.
   * @throws RegistryError `not_found`
   */
  async withLocked<T>(
    { id, orgId, isDeleted = false }: ClientKey,
    cancellation: Cancellation,
    work: (client: Client, manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    if (!isClientId(id)) throw noSuchClient();
    const where = {
      id,
      ...(orgId !== undefined && { orgId }),
      ...(isDeleted && { deletedAt: MoreThan(REMOVED_AT) }),
    };
    return this.writeQueue.run(
      async (manager) => {
        const options = { where, withDeleted: isDeleted, lock: rowLock(manager) };
        const client = await manager.findOne(ClientEntity, options);
        if (client === null) throw noSuchClient();
        return work(client, manager);
      },
      cancellation,
      id,
    );
  }
}

const noSuchClient = () => new RegistryError('not_found', 'The client does not exist.');
