import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, IsNull } from 'typeorm';
import { NIL as NO_CLIENT, validate as isClientId } from 'uuid';
import type { AuditEntry, RequestContext } from '../../audit/audit-event.js';
import { eventsOfAction, firstEventsOf, record, spendOn } from '../../audit/audit-events.repository.js';
import { Batcher, type Outcome } from '../../queues/batcher.js';
import { type Lookup, batchedFindOne } from '../../database/sql/lookup.js';
import { lockRows, rowLock } from '../../database/sql/for-update.js';
import { type RunSql, sqlRunner } from '../../database/sql/run-sql.js';
import { isDuplicate } from '../../database/writes/duplicate.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { hashSecret } from '../../secrets/secret.js';
import {
  MAX_OF_ALL,
  MAX_PAST,
  PERIOD_MS,
  unusedDeletion,
  UNUSED_DELETED,
} from '../anonymous/unused-deletions.js';
import { budgetOf, clientEntry, type SecretEntry, secretEntry } from '../client/client-audit.js';
import type { Client, ClientStanding, IssuedClient } from '../client/client.js';
import { ClientEntity } from '../client/client.entity.js';
import type { ClientKey } from '../client/client-query.js';
import { changeClient } from '../client/issue-client.js';
import { ClientLookupRepository } from '../client/client-lookup.repository.js';
import type { InitialAccessToken } from '../initial-access-tokens/initial-access-token.js';
import { findToken } from '../initial-access-tokens/initial-access-tokens.repository.js';
import { ClientsRepository } from '../registry/clients.repository.js';
import { LockedSecrets } from '../secrets/client-secrets.repository.js';
import { removeUnused } from '../use/unused-removal.repository.js';

/** Updates of rows that many wait for: one batch after the other. */
const COUNTING = { size: 200, inFlight: 1 };

/** Anonymous clients without a token are those that software shares. */
const SHARED = "source = 'dynamic' AND org_id IS NULL";

/** The hashes of the registration access tokens of a client, and the fields that decide whether it may use them. */
export interface RegistrationTokens {
  /** Null: software shares the client, and none manages it. */
  tokenHash: string | null;
  /** Hash of a replacement token that is not used yet; null: there is none. */
  nextTokenHash: string | null;
  client: ClientStanding;
}

/** Clients that registered themselves, in the database. */
@Injectable()
export class RegistrationsRepository {
  private readonly run: RunSql;
  private readonly byMetadataHash: Lookup<ClientEntity>;
  private readonly registrationsAgain: Batcher<string, boolean>;
  private readonly lockedRegistrations: Batcher<string, boolean>;

  constructor(
    dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
    private readonly clients: ClientsRepository,
    private readonly lookup: ClientLookupRepository,
  ) {
    this.run = sqlRunner(dataSource, 'select oauth_clients');
    this.byMetadataHash = batchedFindOne(dataSource, ClientEntity, ['metadataHash']);
    this.registrationsAgain = new Batcher({
      name: 'count registrations',
      run: (ids) => this.countRegistrations(ids),
      limits: COUNTING,
    });
    this.lockedRegistrations = new Batcher({
      name: 'count registrations of locked clients',
      run: (ids) => this.countLockedRegistrations(ids),
      limits: COUNTING,
    });
  }

  /** Stores a new client that others will be given, too. False if there is one of that hash already; nothing is stored then. */
  async insertShared(issued: IssuedClient, context: RequestContext, metadataHash: string): Promise<boolean> {
    try {
      await this.clients.insert(issued, context, null, metadataHash);
      return true;
    } catch (error) {
      if (isDuplicate(error, 'oauth_clients', 'metadata_hash')) return false;
      throw error;
    }
  }

  /** Counts one more registration with the client of that hash, and returns it; null if there is none. */
  async recordRepeat(metadataHash: string): Promise<Client | null> {
    const client = await this.byMetadataHash([metadataHash]);
    if (client === null) return null;
    const isCounted =
      (await this.registrationsAgain.add(client.id)) || (await this.lockedRegistrations.add(client.id));
    return isCounted ? client : null;
  }

  /** For each of them, whether it was counted: false if the client is gone or locked by another transaction. */
  private countRegistrations(ids: string[]): Promise<Outcome<boolean>[]> {
    return this.writeQueue.run(async (manager) => {
      const query = manager
        .createQueryBuilder(ClientEntity, 'client')
        .select('client.id')
        .where({ id: In([...new Set(ids)]) })
        .orderBy('client.id');
      const isCounted = new Set<string>();
      // A locked row must not delay registrations with another one
      for (const { id } of await lockRows(query, 'skip_locked').getMany()) {
        if (await addRegistrations(manager, id, ids)) isCounted.add(id);
      }
      return ids.map((id) => ({ value: isCounted.has(id) }));
    });
  }

  /** For each of them, whether the client is still there for it, once it is not locked any more. Each waits for itself. */
  private async countLockedRegistrations(ids: string[]): Promise<Outcome<boolean>[]> {
    const outcomes = new Map<string, Outcome<boolean>>();
    const count = async (id: string) => {
      try {
        const value = await this.writeQueue.run(
          (manager) => addRegistrations(manager, id, ids),
          undefined,
          id,
        );
        outcomes.set(id, { value });
      } catch (error) {
        outcomes.set(id, { error });
      }
    };
    await Promise.all([...new Set(ids)].map(count));
    return ids.map((id) => outcomes.get(id)!);
  }

  /** The tokens that manage a registration; null if there is none. An invalid id is looked up, too, so that the time reveals nothing. */
  async findRegistrationTokens(id: string): Promise<RegistrationTokens | null> {
    const [row] = await this.run(
      `SELECT registration_token_hash, next_registration_token_hash, status, disabled_reason, statement_expires_at
       FROM oauth_clients WHERE id = :id AND deleted_at IS NULL AND (registration_token_hash IS NOT NULL OR ${SHARED})`,
      { id: isClientId(id) ? id : NO_CLIENT },
    );
    if (row === undefined) return null;
    const [tokenHash, nextTokenHash, status, disabledReason, end] = row;
    return {
      tokenHash,
      nextTokenHash,
      client: {
        status,
        disabledReason,
        softwareStatementExpiresAt: end === null ? null : new Date(Number(end)),
      },
    } as RegistrationTokens;
  }

  /** Ends the token before the next one, which is used for the first time. False if that one is not the next any more. */
  promoteToken(id: string, nextTokenHash: string): Promise<boolean> {
    return this.writeQueue.run(
      async (manager) => {
        const { affected } = await manager
          .createQueryBuilder()
          .update(ClientEntity)
          .set({
            registrationTokenHash: () => 'next_registration_token_hash',
            nextRegistrationTokenHash: null,
          })
          .where({ id, nextRegistrationTokenHash: nextTokenHash, deletedAt: IsNull() })
          .execute();
        return affected === 1;
      },
      undefined,
      id,
    );
  }

  /** Runs `work` on a locked registration; null if there is none. */
  withRegistration<T>(
    id: string,
    context: RequestContext,
    work: (registration: LockedRegistration | null) => Promise<T>,
  ): Promise<T> {
    return this.writeQueue.run(
      async (manager) => work(await lockRegistration(manager, id, context)),
      context,
      id,
    );
  }

  /**
   * Replaces the tokens that manage a registration.
   * @throws RegistryError `not_found`
   */
  replaceRegistrationToken(
    key: ClientKey,
    token: string,
    context: RequestContext,
    check: (client: Client) => void,
  ) {
    return this.lookup.withLocked(key, context, async (client, manager) => {
      check(client);
      await manager.update(ClientEntity, client.id, {
        registrationTokenHash: hashSecret(token),
        nextRegistrationTokenHash: null,
        metadataHash: null,
      });
      await record(manager, context, [clientEntry('registration_token.issued', client, client)]);
      return client;
    });
  }
}

/** A registration inside of the transaction that has locked it. */
export class LockedRegistration extends LockedSecrets implements RegistrationTokens {
  constructor(
    client: Client,
    manager: EntityManager,
    context: RequestContext,
    readonly tokenHash: string,
    readonly nextTokenHash: string | null,
  ) {
    super(client, manager, context);
  }

  /** The initial access token of the registration, whether or not it has ended since; null if there was none. */
  async initialAccessToken(): Promise<InitialAccessToken | null> {
    const { initialAccessTokenId: id } = this.client;
    return id === null ? null : findToken(this.manager, id);
  }

  /** Stores the changed client, and records what was done to its secrets. `token` stays valid until `nextToken` is used. */
  async store(
    changed: Client,
    token: string,
    nextToken: string,
    ofSecrets: readonly SecretEntry[],
  ): Promise<void> {
    const { client } = this;
    await this.manager.update(ClientEntity, client.id, {
      ...changed,
      registrationTokenHash: hashSecret(token),
      nextRegistrationTokenHash: hashSecret(nextToken),
    });
    const { status, disabledReason } = changed;
    const isEnabled = status !== client.status;
    const enabled = isEnabled ? { ...client, status, disabledReason } : client;
    const entries = [
      ...(isEnabled ? [clientEntry('client.enabled', client, enabled)] : []),
      ...(changed === client ? [] : [clientEntry('client.updated', enabled, changed)]),
      ...ofSecrets.map(({ action, targetId }) => secretEntry(action, client.id, targetId)),
      clientEntry('registration_token.issued', changed, changed),
    ];
    spendOn(this.context, budgetOf(this.context, client), entries, changed === client ? null : changed);
    await this.recordAll(entries);
  }

  /** Deletes the client; it can be restored for a while. */
  async remove(): Promise<void> {
    const { client } = this;
    const deleted = changeClient(client, { deletedAt: new Date() });
    await this.manager.update(ClientEntity, client.id, deleted);
    await this.recordAll([clientEntry('client.deleted', client, deleted)]);
  }

  /** Removes an unused client permanently; one event stays. Deletes it like any other if one event has no room for its past. */
  async deleteUnused(): Promise<void> {
    const { manager, client, context } = this;
    const since = new Date(Date.now() - PERIOD_MS);
    const recent = await eventsOfAction(manager, UNUSED_DELETED, since, MAX_OF_ALL);
    const past = await firstEventsOf(manager, client.id, MAX_PAST + 1);
    const entry = unusedDeletion(client, context.address, recent, past);
    if (entry === null) return this.remove();
    await removeUnused(manager, [client]);
    await this.recordAll([entry]);
  }

  private recordAll(entries: AuditEntry[]): Promise<void> {
    return record(this.manager, this.context, entries);
  }
}

/** The registration, locked; null if there is no client by that id, or one that did not register itself. */
async function lockRegistration(
  manager: EntityManager,
  id: string,
  context: RequestContext,
): Promise<LockedRegistration | null> {
  if (!isClientId(id)) return null;
  const query = manager
    .createQueryBuilder(ClientEntity, 'client')
    .addSelect(['client.registrationTokenHash', 'client.nextRegistrationTokenHash'])
    .where('client.id = :id', { id });
  const lock = rowLock(manager);
  if (lock) query.setLock(lock.mode);
  const found = await query.getOne();
  if (!found?.registrationTokenHash) return null;
  const { registrationTokenHash, nextRegistrationTokenHash = null, ...client } = found;
  return new LockedRegistration(client, manager, context, registrationTokenHash, nextRegistrationTokenHash);
}

/** Counts a registration with the client. False if it is gone, or no longer shared. */
async function addRegistrations(manager: EntityManager, id: string, all: string[]): Promise<boolean> {
  const count = all.filter((other) => other === id).length;
  const { affected } = await manager
    .createQueryBuilder()
    .update(ClientEntity)
    .set({ registrationCount: () => `registration_count + ${count}`, lastRegisteredAt: new Date() })
    .where('id = :id AND metadata_hash IS NOT NULL', { id })
    .execute();
  return affected === 1;
}
