import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { batchedFindOne, type Lookup } from '../../database/sql/lookup.js';
import { UseNotes } from '../../database/writes/use-notes.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import type { Grant } from './grant.js';
import { GrantEntity } from './grant.entity.js';

/** How exact the times of last use are. */
const RESOLUTION_MS = 60_000;

/** Grants in the database. */
@Injectable()
export class GrantsRepository {
  /** When tokens were issued under grants. */
  readonly uses: UseNotes;
  private readonly byId: Lookup<GrantEntity>;

  constructor(dataSource: DataSource, writeQueue: WriteQueue) {
    this.uses = new UseNotes(writeQueue, GrantEntity, RESOLUTION_MS);
    this.byId = batchedFindOne(dataSource, GrantEntity, ['id']);
  }

  /** Also one that was revoked. */
  find(id: string): Promise<Grant | null> {
    return this.byId([id]);
  }
}
