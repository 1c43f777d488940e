import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../../config/variables.js';
import { RegistryError } from '../../errors/registry-error.js';

/** Tells our locks from those of other programs in the same database. */
const LOCK_SEED = 7_591;

/** Deleted clients that an organization may have, as a multiple of its living ones, and at least. */
const DELETED_SHARE = 10;
const MIN_DELETED = 100;

/** Bounds how many clients an organization may have, where the operator wants that (MAX_CLIENTS_PER_ORG). */
@Injectable()
export class OrganizationQuota {
  private readonly max: number | null;

  constructor(@Inject(CONFIG) { maxClientsPerOrg }: Config) {
    this.max = maxClientsPerOrg;
  }

  /** Deleted clients of an organization that can be restored: the others fill the disk. */
  get maxDeleted(): number {
    return this.max === null ? Infinity : Math.max(MIN_DELETED, DELETED_SHARE * this.max);
  }

  /** Whether a client of this organization has to be reserved; null: nobody's, of which there are any number. */
  isBounded(orgId: string | null): boolean {
    return this.max !== null && orgId !== null;
  }

  /**
   * Call it in the transaction that adds clients, before it adds them: until it ends, others who add to the same organizations wait.
   * The triggers have counted already, so that it takes the same time for any number of clients.
   * @param orgIds one for each client
   * @throws RegistryError `insufficient_scope` where there would be too many
   */
  async reserve(manager: EntityManager, orgIds: readonly (string | null)[]): Promise<void> {
    const { max } = this;
    if (max === null) return;
    const added = new Map<string, number>();
    for (const orgId of orgIds) if (orgId !== null) added.set(orgId, (added.get(orgId) ?? 0) + 1);
    // In one order, so that two do not wait for each other
    for (const orgId of [...added.keys()].sort()) {
      const living = await lockAndCount(manager, orgId);
      if (living + added.get(orgId)! <= max) continue;
      throw new RegistryError(
        'insufficient_scope',
        `The organization has ${living} clients and may have ${max}; delete some, or ask the operator of this service for more.`,
      );
    }
  }
}

/** SQLite has one writer at a time. On PostgreSQL the count must be a statement of its own, or it would be as old as the wait. */
async function lockAndCount(manager: EntityManager, orgId: string): Promise<number> {
  const isPostgres = manager.dataSource.options.type === 'postgres';
  if (isPostgres) {
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, $2))', [orgId, LOCK_SEED]);
  }
  const [row] = await manager.query<{ living: string | number | null }[]>(
    `SELECT SUM(living) AS living FROM oauth_client_counts WHERE org_id = ${isPostgres ? '$1' : '?'}`,
    [orgId],
  );
  return Number(row?.living ?? 0);
}
