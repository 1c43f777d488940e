import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { validate as isClientId } from 'uuid';
import { type Lookup, lookupBy } from '../../database/sql/lookup.js';
import type { Client } from './client.js';
import { ClientEntity } from './client.entity.js';
import type { ClientKey } from './client-query.js';
import { noSuchClient } from './lock-client.js';

/** Finds one client by its id. Lookups of the same moment are one statement. */
@Injectable()
export class ClientLookup {
  private readonly byId: Lookup<ClientEntity>;
  private readonly byIdAndOrg: Lookup<ClientEntity>;

  constructor(dataSource: DataSource) {
    this.byId = lookupBy(dataSource, ClientEntity, ['id']);
    this.byIdAndOrg = lookupBy(dataSource, ClientEntity, ['id', 'orgId']);
  }

  /** The client; null where there is none. */
  async find({ id, orgId }: ClientKey): Promise<Client | null> {
    if (!isClientId(id)) return null;
    return orgId === undefined ? this.byId([id]) : this.byIdAndOrg([id, orgId]);
  }

  /**
   * The client.
   * @throws RegistryError `not_found`
   */
  async get(key: ClientKey): Promise<Client> {
    const client = await this.find(key);
    if (client === null) throw noSuchClient();
    return client;
  }
}
