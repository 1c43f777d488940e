import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, Equal, In, IsNull, Or, type QueryDeepPartialEntity } from 'typeorm';
import { batchedFindOne, type Lookup } from '../../database/sql/lookup.js';
import { commitEach, type GroupCommit, groupCommit } from '../../database/writes/group-commit.js';
import { purgeDue } from '../../database/writes/purge-batches.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { Batcher } from '../../queues/batcher.js';
import { type Cancellation, isWaiting } from '../../queues/cancellation.js';
import { RETRY_MS } from './refresh-token-retries.js';
import { TokenEntity } from './token.entity.js';

/** Replies that are removed at a time: more than one statement of exchanges adds. */
const REMOVED_REPLIES = 500;

/** What one request changes, all or none. */
export interface TokenChanges {
  /** The hash of a token that must not have been used up before. Undefined: none. */
  consume?: string;
  /** The user for whom that consent request is reserved, as {@link TokensRepository.bind} was told. Undefined: it must not be reserved. */
  seenBy?: string;
  /** For the row of a refresh token that is used up: nothing else of its payload is needed. Undefined: it is another token. */
  replaced?: { sealedReply: string | null };
  /** New tokens. */
  insert: TokenEntity[];
}

interface Exchange extends Cancellation {
  changes: TokenChanges & { consume: string };
}

/** Codes, tokens and requests of the authorization server, in the database. */
@Injectable()
export class TokensRepository {
  private readonly byHash: Lookup<TokenEntity>;
  private readonly insert: GroupCommit;
  private readonly exchanges: Batcher<Exchange, boolean>;
  /** Rows with a sealed reply that this instance has stored, the oldest first. What a restart forgets is purged with its token. */
  private sealed: { hash: string; untilMs: number }[] = [];

  constructor(
    dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {
    this.byHash = batchedFindOne(dataSource, TokenEntity, ['hash']);
    this.insert = groupCommit(dataSource, writeQueue, [TokenEntity]);
    this.exchanges = new Batcher<Exchange, boolean>({
      name: 'exchange oauth_tokens',
      run: (exchanges) =>
        commitEach(
          exchanges.map(({ changes }) => changes),
          (batch) => this.exchange(batch),
        ),
      isWanted: isWaiting,
      limits: { inFlight: 1 },
    });
  }

  /** Also what has expired, or was used up. */
  find(hash: string): Promise<TokenEntity | null> {
    return this.byHash([hash]);
  }

  /**
   * Stores what a request changes. It is durable when the promise resolves.
   * @returns false, and nothing is stored, if the token was used up before, by any instance, or is reserved for another user: one statement decides
   */
  async commit({ consume, ...changes }: TokenChanges, cancellation: Cancellation = {}): Promise<boolean> {
    if (consume !== undefined) {
      return this.exchanges.add({ changes: { ...changes, consume }, isWaiting: cancellation.isWaiting });
    }
    if (changes.insert.length > 0) await this.insert([changes.insert], cancellation);
    return true;
  }

  /** Whether each of them was the first to use up its token. */
  private async exchange(exchanges: Exchange['changes'][]): Promise<boolean[]> {
    const now = Date.now();
    const ended = this.sealed.slice(0, REMOVED_REPLIES).filter(({ untilMs }) => untilMs < now);
    const first = new Set<Exchange['changes']>();
    await this.writeQueue.run(async (manager) => {
      for (const each of exchanges.toSorted((a, b) => (a.consume < b.consume ? -1 : 1))) {
        const { consume: hash, seenBy, replaced } = each;
        if (await useUp(manager, { hash, seenBy }, replaced)) first.add(each);
      }
      const won = [...first].flatMap(({ insert }) => insert);
      if (won.length > 0) await manager.insert(TokenEntity, won as QueryDeepPartialEntity<TokenEntity>[]);
      if (ended.length > 0) {
        const hash = In(ended.map((each) => each.hash));
        await manager.update(TokenEntity, { hash }, { sealedReply: null });
      }
    });
    this.sealed.splice(0, ended.length);
    const untilMs = Date.now() + RETRY_MS;
    for (const { consume, replaced } of exchanges) {
      if (replaced?.sealedReply) this.sealed.push({ hash: consume, untilMs });
    }
    return exchanges.map((each) => first.has(each));
  }

  /**
   * Reserves a consent request for one user. False if another user has opened it before, or it is used up.
   * @param sealedReply what the browser of the user proves the sign-in with; undefined: nothing
   */
  bind(hash: string, seenBy: string, sealedReply?: string): Promise<boolean> {
    return this.writeQueue.run(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(TokenEntity)
        .set({ seenBy, sealedReply })
        .where({ hash, consumedAt: IsNull(), seenBy: Or(IsNull(), Equal(seenBy)) })
        .execute();
      return affected === 1;
    });
  }

  /** Removes a token. Returns whether it existed. */
  async remove(hash: string): Promise<boolean> {
    return this.writeQueue.run(async (manager) => {
      const { affected } = await manager.delete(TokenEntity, { hash });
      return affected === 1;
    });
  }

  /** Removes what expired before `limit`. Returns how many. */
  purge(limit: Date): Promise<number> {
    return purgeDue(this.writeQueue, TokenEntity, 'expiresAt', limit);
  }
}

/**
 * Uses up a token, by one statement. False if it was used up before, or is reserved for another user.
 * @param seenBy as in {@link TokenChanges}
 */
export async function useUp(
  manager: EntityManager,
  { hash, seenBy }: { hash: string; seenBy: string | undefined },
  replaced?: TokenChanges['replaced'],
): Promise<boolean> {
  const used = { consumedAt: new Date(), sealedReply: null, ...(replaced && { ...replaced, payload: {} }) };
  const good = { hash, consumedAt: IsNull(), seenBy: seenBy ?? IsNull() };
  const { affected } = await manager.update(TokenEntity, good, used);
  return affected === 1;
}
