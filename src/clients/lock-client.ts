import type { EntityManager } from 'typeorm';
import type { Client } from './client.js';
import { ClientEntity } from './client.entity.js';

/**
 * The client, which nobody else can change before the transaction ends; null where there is none by that id. SQLite has one
 * writer at a time, and knows no lock of a row.
 */
export function lockClient(manager: EntityManager, id: string): Promise<Client | null> {
  const isPostgres = manager.dataSource.options.type === 'postgres';
  const lock = isPostgres ? { mode: 'pessimistic_write' as const } : undefined;
  return manager.findOne(ClientEntity, { where: { id }, lock });
}
