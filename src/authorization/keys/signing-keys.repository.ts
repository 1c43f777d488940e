import { Injectable } from '@nestjs/common';
import { DataSource, Not } from 'typeorm';
import { credentialEntry, type RequestContext } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-events.repository.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** The number of keys that are read, newest first. Tokens of older keys have expired. */
const MAX_KEYS = 10;

/** Signing keys in the database. */
@Injectable()
export class SigningKeysRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {}

  /** Keys, the newest first. */
  list(): Promise<SigningKeyEntity[]> {
    return this.dataSource.manager.find(SigningKeyEntity, { order: { number: 'DESC' }, take: MAX_KEYS });
  }

  /**
   * Stores a key.
   * @param revokesOthers removes all other keys
   * @returns false, and nothing is stored, if another instance has stored a key of this number
   */
  insert(key: SigningKeyEntity, revokesOthers: boolean, context: RequestContext): Promise<boolean> {
    const { kid } = key;
    return this.writeQueue.run(async (manager) => {
      await manager.createQueryBuilder().insert().into(SigningKeyEntity).values(key).orIgnore().execute();
      if (!(await manager.existsBy(SigningKeyEntity, { kid }))) return false;
      const others = revokesOthers ? await manager.findBy(SigningKeyEntity, { kid: Not(kid) }) : [];
      if (others.length > 0) await manager.delete(SigningKeyEntity, { kid: Not(kid) });
      await record(manager, context, [
        credentialEntry('signing_key.created', kid, []),
        ...others.map((other) => credentialEntry('signing_key.revoked', other.kid, [])),
      ]);
      return true;
    }, context);
  }
}
