import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { type RequestContext, credentialEntry } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-trail.js';
import { type Lookup, lookupBy } from '../../database/sql/lookup.js';
import { lockRows } from '../../database/sql/row-lock.js';
import { inSmallBatches } from '../../database/writes/purge-batches.js';
import { Transactions } from '../../database/writes/transactions.js';
import { RegistryError } from '../../errors/registry-error.js';
import { generateSecret, hashSecret } from '../../secrets/secret.js';
import { AdminSessionEntity } from './admin-session.entity.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { Denials } from '../principal/denials.js';
import type { Principal } from '../principal/principal.js';

/** How long a session lasts, a working day: whoever goes on signs in again. */
export const SESSION_SECONDS = 8 * 3_600;

/** What a browser is given instead of the key. */
export interface IssuedSession {
  /** The only copy of it in clear. */
  token: string;
  principal: Principal;
}

/**
 * Operators who signed in by a browser. Every request looks its session and the key of that up in the database: what one
 * instance has ended is over on all of them at once.
 */
@Injectable()
export class AdminSessionsService {
  private readonly byHash: Lookup<AdminSessionEntity>;

  constructor(
    dataSource: DataSource,
    private readonly transactions: Transactions,
    private readonly apiKeys: ApiKeysService,
    private readonly denials: Denials,
  ) {
    this.byHash = lookupBy(dataSource, AdminSessionEntity, ['hash']);
  }

  /**
   * Begins a session that acts as the key, for as long as that is valid.
   * @throws RegistryError `invalid_token` where the key is not valid, `insufficient_scope` where it is no admin's
   */
  async start(apiKey: string, context: RequestContext): Promise<IssuedSession> {
    const principal = await this.apiKeys.authenticate(apiKey);
    const actor = principal?.actor ?? context.actor;
    if (principal?.role !== 'admin') await this.denials.record({ ...context, actor });
    if (principal === null) {
      throw new RegistryError('invalid_token', 'The API key is malformed, unknown, expired or revoked.');
    }
    if (principal.role !== 'admin') {
      throw new RegistryError('insufficient_scope', 'This is for admins; the key is that of a member.');
    }
    const token = generateSecret();
    const createdAt = new Date();
    const expiresAt = new Date(createdAt.getTime() + SESSION_SECONDS * 1000);
    const apiKeyId = principal.actor.id!;
    await this.transactions.run(async (manager) => {
      await manager.insert(AdminSessionEntity, { hash: hashSecret(token), apiKeyId, createdAt, expiresAt });
      await record(manager, { ...context, actor }, [credentialEntry('session.started', apiKeyId, [])]);
    });
    return { token, principal };
  }

  /** Whom the session speaks for; null where it is unknown or over, or its key is not valid any more. */
  async authenticate(token: string): Promise<Principal | null> {
    const session = await this.byHash([hashSecret(token)]);
    if (session === null || session.expiresAt <= new Date()) return null;
    return this.apiKeys.authenticateSession(session.apiKeyId, session.expiresAt);
  }

  /** Ends a session, if there is one: a copy of its cookie opens nothing any more. */
  async end(token: string, context: RequestContext): Promise<void> {
    const hash = hashSecret(token);
    const session = await this.byHash([hash]);
    if (session === null) return;
    const { apiKeyId } = session;
    await this.transactions.run(async (manager) => {
      const { affected } = await manager.delete(AdminSessionEntity, { hash });
      // Another request may have ended it meanwhile
      if (!affected) return;
      const byKey: RequestContext = { ...context, actor: { type: 'api_key', id: apiKeyId } };
      await record(manager, byKey, [credentialEntry('session.ended', apiKeyId, [])]);
    });
  }

  /**
   * Removes sessions that expired before `limit`.
   * @returns how many they were
   */
  purge(limit: Date): Promise<number> {
    return inSmallBatches(this.transactions, async (manager, size) => {
      const query = manager
        .createQueryBuilder(AdminSessionEntity, 'session')
        .select('session.hash')
        .where('session.expiresAt < :limitMs', { limitMs: limit.getTime() })
        .orderBy('session.expiresAt')
        .limit(size);
      const sessions = await lockRows(query, 'skip_locked').getMany();
      if (sessions.length > 0) {
        await manager.delete(AdminSessionEntity, { hash: In(sessions.map(({ hash }) => hash)) });
      }
      return sessions.length;
    });
  }
}
