import { Injectable } from '@nestjs/common';
import {
  DataSource,
  type EntityManager,
  In,
  IsNull,
  type Repository,
  type SelectQueryBuilder,
} from 'typeorm';
import type { AuditAction, RequestContext, Change } from '../../audit/audit-event.js';
import { record, spendOn } from '../../audit/audit-events.repository.js';
import { budgetOf } from '../client/client-audit.js';
import { newId } from '../../database/id.js';
import { type IdPageRequest, type Page, pageOf, pagesOfEach } from '../../database/sql/pages.js';
import { MAX_PAGE_BYTES } from '../../database/sql/page-bytes.js';
import { ScanQueue } from '../../database/sql/scan-queue.js';
import { type RunSql, sqlRunner } from '../../database/sql/run-sql.js';
import { Table } from '../../database/sql/table.js';
import { purgeDue } from '../../database/writes/purge-batches.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { hashSecret, matchesHash, secretHint } from '../../secrets/secret.js';
import {
  type ClientSecret,
  type ExpiringPageRequest,
  type ExpiringSecret,
  MAX_ENDED_SECRETS,
  MAX_SECRETS,
  MAX_VALID_SECRETS,
  type NumberedSecretPage,
} from './client-secret.js';
import type { Client, IssuedSecret } from '../client/client.js';
import { ClientEntity } from '../client/client.entity.js';
import { ClientSecretEntity } from './client-secret.entity.js';
import type { ClientKey, NumberedPageRequest } from '../client/client-query.js';
import { ClientLookupRepository } from '../client/client-lookup.repository.js';

/** Name of statements that read secrets, in metrics and traces. */
const SELECT = 'select oauth_client_secrets';
/** Rows that one transaction removes. */
const REMOVAL_BATCH = 500;

/** With which a client can authenticate at that time. */
const VALID = 'secret.revokedAt IS NULL AND (secret.expiresAt IS NULL OR secret.expiresAt > :atMs)';

/** The secrets of clients in the database. */
@Injectable()
export class ClientSecretsRepository {
  private readonly table: Table<ClientSecretEntity>;
  private readonly clients: Table<ClientEntity>;
  private readonly run: RunSql;
  private readonly runLong: RunSql;

  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
    private readonly lookup: ClientLookupRepository,
    scanQueue: ScanQueue,
  ) {
    this.table = new Table(dataSource, ClientSecretEntity);
    this.clients = new Table(dataSource, ClientEntity);
    this.run = sqlRunner(dataSource, SELECT);
    this.runLong = scanQueue.runner(SELECT);
  }

  /** A page of those that were not revoked, the newest first. No more are looked at than a client can have. */
  async numberedPage(clientId: string, { number, size }: NumberedPageRequest): Promise<NumberedSecretPage> {
    const offset = Math.min((number - 1) * size, MAX_SECRETS);
    const limit = Math.min(size, MAX_SECRETS - offset);
    const rows = await this.dataSource.manager.find(ClientSecretEntity, {
      where: { clientId, revokedAt: IsNull() },
      order: { id: 'DESC' },
      skip: offset,
      take: Math.max(limit, 1),
    });
    const [row] = await this.run(
      `SELECT COUNT(*) FROM
         (SELECT 1 FROM oauth_client_secrets WHERE client_id = :clientId AND revoked_at IS NULL LIMIT :limit) listed`,
      { clientId, limit: MAX_SECRETS },
    );
    return { secrets: rows.slice(0, limit).map(toClientSecret), total: Number(row![0]) };
  }

  /** A page of the same for each of several clients, in one statement. */
  async pages(
    clientIds: readonly string[],
    request: IdPageRequest,
  ): Promise<Map<string, Page<ClientSecret>>> {
    const ofClients = {
      where: 'revoked_at IS NULL',
      ownerColumn: 'client_id',
      ownerOf: ({ clientId }: ClientSecretEntity) => clientId,
    };
    const pages = await pagesOfEach(this.run, this.table, ofClients, clientIds, request);
    return new Map(
      [...pages].map(([clientId, page]) => [clientId, { ...page, rows: page.rows.map(toClientSecret) }]),
    );
  }

  /** Secrets that expire in between, the soonest first, each with its client, deleted clients omitted: as many as fit into a page. */
  async pageExpiring(from: Date, before: Date, request: ExpiringPageRequest): Promise<Page<ExpiringSecret>> {
    const { size, after } = request;
    const start = after === null ? '' : 'AND (secret.expires_at, secret.id) > (:after, :afterId)';
    const order = 'ORDER BY expires_at, id';
    // May pass over many secrets of deleted clients
    const fitting = await this.runLong(
      `SELECT id, found FROM (
         SELECT id, expires_at, COUNT(*) OVER () AS found,
           COALESCE(SUM(bytes) OVER (${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
         FROM (
           SELECT secret.id, secret.expires_at, (SELECT ${this.clients.readBytes} FROM oauth_clients WHERE id = secret.client_id) AS bytes
           FROM oauth_client_secrets secret
           JOIN oauth_clients client ON client.id = secret.client_id AND client.deleted_at IS NULL
           WHERE secret.revoked_at IS NULL AND secret.expires_at > :from AND secret.expires_at < :before ${start}
           ORDER BY secret.expires_at, secret.id LIMIT :limit
         ) expiring
       ) counted WHERE bytes_before < :maxPageBytes ${order}`,
      {
        from: from.getTime(),
        before: before.getTime(),
        after: after?.expiresAt.getTime(),
        afterId: after?.id,
        limit: size + 1,
        maxPageBytes: MAX_PAGE_BYTES,
      },
    );
    const rows = await this.dataSource.manager.find(ClientSecretEntity, {
      where: { id: In(fitting.map(([id]) => id as string)) },
      relations: { client: true },
      order: { expiresAt: 'ASC', id: 'ASC' },
    });
    // Its client may be deleted since
    const secrets = rows.flatMap(({ client, ...row }) =>
      client ? [{ secret: { ...toClientSecret(row), expiresAt: row.expiresAt! }, client }] : [],
    );
    return pageOf(secrets, request, Number(fitting[0]?.[1] ?? 0));
  }

  /** How many they are, counted one by one. */
  async countExpiring(from: Date, before: Date): Promise<number> {
    const [row] = await this.runLong(
      `SELECT COUNT(*) FROM oauth_client_secrets secret
       JOIN oauth_clients client ON client.id = secret.client_id AND client.deleted_at IS NULL
       WHERE secret.revoked_at IS NULL AND secret.expires_at > :from AND secret.expires_at < :before`,
      { from: from.getTime(), before: before.getTime() },
    );
    return Number(row![0]);
  }

  /**
   * How many secrets expire until then and leave a client that is in use without any, of the `limit` that expire next.
   */
  async countLastOnesExpiring(from: Date, until: Date, limit: number): Promise<number> {
    const [row] = await this.run(
      `SELECT COUNT(*) FROM
         (SELECT client_id, expires_at FROM oauth_client_secrets
          WHERE revoked_at IS NULL AND expires_at > :from AND expires_at <= :until ORDER BY expires_at LIMIT :limit) expiring
       JOIN oauth_clients client ON client.id = expiring.client_id AND client.deleted_at IS NULL AND client.status = 'active'
       WHERE NOT EXISTS
         (SELECT 1 FROM oauth_client_secrets other WHERE other.client_id = expiring.client_id AND other.revoked_at IS NULL
          AND (other.expires_at IS NULL OR other.expires_at > expiring.expires_at))`,
      { from: from.getTime(), until: until.getTime(), limit },
    );
    return Number(row![0]);
  }

  /** Permanently removes secrets that expired or were revoked before `limit`; says how many. An index finds each kind. */
  async purge(limit: Date): Promise<number> {
    const { writeQueue } = this;
    const revoked = await purgeDue(writeQueue, ClientSecretEntity, 'revokedAt', limit);
    const and = 'row.revokedAt IS NULL';
    return revoked + (await purgeDue(writeQueue, ClientSecretEntity, 'expiresAt', limit, and));
  }

  /**
   * Runs `work` on the locked secrets of a client.
   * @throws RegistryError `not_found`
   */
  withSecretsOf<T>(
    key: ClientKey,
    work: (locked: LockedSecrets) => Promise<T>,
    context: RequestContext,
  ): Promise<T> {
    return this.lookup.withLocked(key, context, (client, manager) =>
      work(new LockedSecrets(client, manager, context)),
    );
  }
}

/** Runs `work` on the secrets of a client that it locks until then. */
export type LockSecrets = <T>(work: (locked: LockedSecrets) => Promise<T>) => Promise<T>;

/** The secrets of a client, inside of a transaction that has locked it. */
export class LockedSecrets {
  readonly secrets: SecretsOfClient;

  constructor(
    readonly client: Client,
    protected readonly manager: EntityManager,
    protected readonly context: RequestContext,
  ) {
    this.secrets = new SecretsOfClient(client.id, manager);
  }

  /** Writes down what was done to one of them. */
  readonly record = async (action: AuditAction, secretId: string, changes: Change[]): Promise<void> => {
    const { client, manager, context } = this;
    const entries = [{ action, clientId: client.id, targetId: secretId, changes }];
    spendOn(context, budgetOf(context, client), entries);
    await record(manager, context, entries);
  };
}

/** The secrets of one client, inside of a transaction that has locked it. */
export class SecretsOfClient {
  private readonly rows: Repository<ClientSecretEntity>;

  constructor(
    private readonly clientId: string,
    manager: EntityManager,
  ) {
    this.rows = manager.getRepository(ClientSecretEntity);
  }

  /** Those with which the client can authenticate at that time. */
  async valid(at: Date): Promise<ClientSecret[]> {
    return (await this.validRows(at)).map(toClientSecret);
  }

  /** Stores a secret. Of those that have ended by then, the oldest make room for it. */
  async add(secret: IssuedSecret, createdAt: Date): Promise<ClientSecret> {
    const row = newSecret(this.clientId, secret, createdAt);
    await this.rows.insert(row);
    const ended = this.select(`NOT (${VALID})`, createdAt).offset(MAX_ENDED_SECRETS).limit(REMOVAL_BATCH);
    const surplus = await ended.getMany();
    if (surplus.length > 0) await this.rows.delete(surplus.map(({ id }) => id));
    return toClientSecret(row);
  }

  /** Makes all secrets expire then that would have later, or never. */
  async expireBy(limit: Date): Promise<void> {
    await this.rows
      .createQueryBuilder()
      .update()
      .set({ expiresAt: limit })
      .where('client_id = :clientId AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :limit)', {
        clientId: this.clientId,
        limit: limit.getTime(),
      })
      .execute();
  }

  /** Whether the client can authenticate with this secret at that time. */
  async accepts(value: string, at: Date): Promise<boolean> {
    const rows = await this.validRows(at);
    // All are compared, so that the time does not reveal which one matched
    return rows.map(({ hash }) => matchesHash(value, hash)).includes(true);
  }

  /** Ends all secrets at once; says which of them were valid. */
  async revokeAll(at: Date): Promise<string[]> {
    const valid = await this.valid(at);
    await this.rows.update({ clientId: this.clientId, revokedAt: IsNull() }, { revokedAt: at });
    return valid.map(({ id }) => id);
  }

  /** False if the client has no such secret that is not revoked already. */
  async revoke(id: string, at: Date): Promise<boolean> {
    const { affected } = await this.rows.update(
      { id, clientId: this.clientId, revokedAt: IsNull() },
      { revokedAt: at },
    );
    return affected === 1;
  }

  private validRows(at: Date): Promise<ClientSecretEntity[]> {
    return this.select(VALID, at).limit(MAX_VALID_SECRETS).getMany();
  }

  /** The newest first. */
  private select(condition: string, at: Date): SelectQueryBuilder<ClientSecretEntity> {
    return this.rows
      .createQueryBuilder('secret')
      .where(`secret.clientId = :clientId AND ${condition}`, { clientId: this.clientId, atMs: at.getTime() })
      .orderBy('secret.id', 'DESC');
  }
}

/** The row of a secret that is issued now: of its value the hash and the hint. */
export function newSecret(
  clientId: string,
  { value, expiresAt }: IssuedSecret,
  createdAt: Date,
): ClientSecretEntity {
  return {
    id: newId(),
    clientId,
    hash: hashSecret(value),
    hint: secretHint(value),
    createdAt,
    expiresAt,
    lastUsedAt: null,
    lastRejectedAt: null,
    revokedAt: null,
  };
}

function toClientSecret({ id, hint, createdAt, expiresAt, lastUsedAt }: ClientSecretEntity): ClientSecret {
  return { id, hint, createdAt, expiresAt, lastUsedAt };
}
