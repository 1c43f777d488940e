import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { newId } from '../../database/id.js';
import { batchedFindOne, type Lookup } from '../../database/sql/lookup.js';
import { purgeDue } from '../../database/writes/purge-batches.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { Batcher, type Outcome } from '../../queues/batcher.js';
import { hashSecret } from '../../secrets/secret.js';
import { ClientAssertionEntity } from './client-assertion.entity.js';

/** What the database needs to remember a `jti`. */
export const ASSERTION_BYTES = 256;

const hashOf = (of: string, jti: string): string => hashSecret(`${of} ${jti}`);

/** Which signed statements of clients were used: each counts once, on all instances together. */
@Injectable()
export class AssertionUses {
  private readonly assertions: Batcher<ClientAssertionEntity, boolean>;
  private readonly byHash: Lookup<ClientAssertionEntity>;

  constructor(
    dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {
    this.byHash = batchedFindOne(dataSource, ClientAssertionEntity, ['hash']);
    this.assertions = new Batcher({
      name: 'insert client_assertions',
      run: (assertions) => this.insert(assertions),
      limits: { inFlight: 1 },
    });
  }

  /** Whether a `jti` was used up before, which costs no write. Requests at the same moment may all be the first: see {@link useOnce}. */
  async wasUsed(of: string, jti: string): Promise<boolean> {
    return (await this.byHash([hashOf(of, jti)])) !== null;
  }

  /**
   * Uses up a `jti`. False where that was done before, by any instance: one statement decides.
   * @param of whose it is: another's may be the same
   */
  useOnce(of: string, jti: string, expiresAt: Date): Promise<boolean> {
    return this.assertions.add({ hash: hashOf(of, jti), usedBy: newId(), expiresAt });
  }

  private async insert(assertions: ClientAssertionEntity[]): Promise<Outcome<boolean>[]> {
    const hashes = assertions.map(({ hash }) => hash);
    const used = await this.writeQueue.run(async (manager) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(ClientAssertionEntity)
        // In one order, so that two instances do not wait for each other
        .values(assertions.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)))
        .orIgnore()
        .execute();
      return manager.findBy(ClientAssertionEntity, { hash: In(hashes) });
    });
    const usedBy = new Set(used.map((row) => row.usedBy));
    return assertions.map((assertion) => ({ value: usedBy.has(assertion.usedBy) }));
  }

  /** Forgets those that expired before `limit`: they are refused for that. Says how many. */
  purge(limit: Date): Promise<number> {
    return purgeDue(this.writeQueue, ClientAssertionEntity, 'expiresAt', limit);
  }
}
