import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
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

  /** Stores a key, unless another instance has stored one of this number. */
  async insert(key: SigningKeyEntity): Promise<void> {
    await this.writeQueue.run((manager) =>
      manager.createQueryBuilder().insert().into(SigningKeyEntity).values(key).orIgnore().execute(),
    );
  }
}
