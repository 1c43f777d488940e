import { Injectable } from '@nestjs/common';
import { RegistryError } from '../../errors/registry-error.js';
import { type AuditAction, type RequestContext, SYSTEM } from '../../audit/audit-event.js';
import {
  type Client,
  type ClientSource,
  type ClientStatus,
  type IssuedClient,
  isStatementOver,
  ownNameOf,
} from '../client/client.js';
import {
  type ClientFilter,
  type ClientKey,
  type ClientOrder,
  type ClientPageRequest,
  type ClientStats,
  MAX_BULK,
  type NumberedPage,
  type NumberedPageRequest,
  type Page,
  type CountStep,
} from '../client/client-query.js';
import { changeClient, changeProfile, issueClient } from '../client/issue-client.js';
import { ClientPurgeRepository } from './client-purge.repository.js';
import { ClientSearchRepository } from './client-search.repository.js';
import { ClientsRepository } from './clients.repository.js';
import { ClientLookupRepository } from '../client/client-lookup.repository.js';
import { CLIENT_RULES, isFixed, rulesAboutChanges } from '../../policy/rules.js';
import { attestedRules } from '../software-statements/software-statements.service.js';
import { validateOrThrow, refusal, type ClientRequest } from '../client/client-request.js';
import { draftOf, applyDefaults } from '../../policy/defaults.js';

/** Versions of a client that will do; null: any. */
export type Versions = readonly number[] | null;

/** What a client is and which clients are allowed, for every interface. */
@Injectable()
export class ClientsService {
  constructor(
    private readonly repository: ClientsRepository,
    private readonly lookup: ClientLookupRepository,
    private readonly search: ClientSearchRepository,
    private readonly purges: ClientPurgeRepository,
  ) {}

  /**
   * Creates a client with or without an owner.
   * @param source the interface that creates it
   * @throws RegistryError with every field at fault; nothing is stored then
   */
  async create(
    submission: ClientRequest,
    { orgId, userId }: Pick<Client, 'orgId' | 'userId'>,
    source: ClientSource,
    context: RequestContext,
  ): Promise<IssuedClient> {
    const profile = applyDefaults(validateOrThrow(submission, CLIENT_RULES));
    const issued = issueClient(profile, { orgId, userId, source, initialAccessTokenId: null });
    await this.repository.insert(issued, context);
    return issued;
  }

  /**
   * The client.
   * @throws RegistryError `not_found`
   */
  get(key: ClientKey): Promise<Client> {
    return this.lookup.get(key);
  }

  /** The clients of the organization that match `filter`, the newest first. */
  list(
    filter: ClientFilter,
    orgId: string,
    page: NumberedPageRequest,
    { isWaiting }: RequestContext,
  ): Promise<NumberedPage> {
    return this.search.numberedPage({ ...filter, orgId }, page, { orgId, isWaiting });
  }

  /**
   * Changes a client: what the draft names, even as undefined, is replaced, the rest stays. The result is validated as a
   * whole, except for values that were accepted before and are unchanged.
   * @param expected versions that the caller will change; null: any
   * @throws RegistryError `not_found`, `precondition_failed`, or with every field at fault
   */
  update(
    key: ClientKey,
    submission: ClientRequest,
    expected: Versions,
    context: RequestContext,
  ): Promise<Client> {
    return this.repository.change(key, 'client.updated', context, (client) => {
      checkVersion(client, expected);
      const before = draftOf({ ...client, name: ownNameOf(client) });
      const draft = { ...before, ...submission.draft };
      const rules = [
        isFixed('type', before, 'create another client instead'),
        ...attestedRules(client.metadata, before),
        ...rulesAboutChanges(CLIENT_RULES, before, draft),
      ];
      return changeProfile(client, applyDefaults(validateOrThrow({ ...submission, draft }, rules)), context);
    });
  }

  /**
   * Lets a client be used, or keeps it from being used. A client that an administrator disabled cannot renew itself with a new software
   * statement.
   * @throws RegistryError `not_found`, `precondition_failed`, or `validation_error` if it would be enabled and its software statement
   *   has expired
   */
  setStatus(
    key: ClientKey,
    status: ClientStatus,
    expected: Versions,
    context: RequestContext,
  ): Promise<Client> {
    const check = (client: Client) => {
      if (status === 'active' && isStatementOver(client, new Date())) throw statementExpired();
    };
    const change = { status, disabledReason: null };
    return this.set(key, change, ACTION_OF_STATUS[status], expected, context, check);
  }

  /**
   * Vouches for a client, or no longer.
   * @throws RegistryError `not_found`, `precondition_failed`
   */
  setVerified(
    key: ClientKey,
    verified: boolean,
    expected: Versions,
    context: RequestContext,
  ): Promise<Client> {
    return this.set(key, { verified }, verified ? 'client.verified' : 'client.unverified', expected, context);
  }

  /**
   * Deletes a client with its secrets; all interfaces stop showing it. It can be restored until it is purged.
   * @param expected versions that the caller will delete; null: any
   * @throws RegistryError `not_found`, `precondition_failed`
   */
  remove(key: ClientKey, expected: Versions, context: RequestContext): Promise<Client> {
    return this.set(key, { deletedAt: new Date() }, 'client.deleted', expected, context);
  }

  /**
   * Brings a deleted client back, with its secrets and its registration access token.
   * @throws RegistryError `not_found` if it lives, or is gone permanently
   */
  restore(key: ClientKey, context: RequestContext): Promise<Client> {
    return this.set({ ...key, isDeleted: true }, { deletedAt: null }, 'client.restored', null, context);
  }

  /**
   * Changes all clients that match in one way, or none. `count` says how many they are, or would be.
   * @param expectedCount how many they must be; null: any number up to {@link MAX_BULK}
   * @throws RegistryError `validation_error` if the filter says too little, or they are too many, `precondition_failed`
   *   where they are not as many as expected
   */
  async changeAll(
    change: BulkChange,
    filter: ClientFilter,
    { isDryRun, expectedCount }: { isDryRun: boolean; expectedCount: number | null },
    context: RequestContext,
  ): Promise<number> {
    const { action, set, concerns } = BULK_CHANGES[change];
    const named = Object.keys(filter).filter((condition) => !Object.hasOwn(concerns, condition));
    if (named.length === 0 || named.includes('deleted')) throw withoutCondition();
    const concerned: ClientFilter = { ...filter, ...concerns };
    const check = (count: number) => {
      if (count > MAX_BULK) throw tooMany();
      if (expectedCount === null || count === expectedCount) return;
      throw new RegistryError(
        'precondition_failed',
        `${count} clients match instead of the expected ${expectedCount}. Nothing was changed.`,
      );
    };
    // Disabling clients that are disabled already must match none, not all others
    const matchesNone = filter.status !== undefined && filter.status !== concerned.status;
    if (isDryRun) return matchesNone ? 0 : this.search.count(concerned);
    if (!matchesNone) return this.repository.changeAll(concerned, set(), action, context, check);
    check(0);
    return 0;
  }

  /** One step of a count of all clients by their kind: see {@link ClientSearchRepository.countStep}. */
  countStep(after: string, limit: number): Promise<CountStep> {
    return this.search.countStep(after, limit);
  }

  /** Permanently removes clients that were deleted before `limit`; says how many. */
  purge(limit: Date): Promise<number> {
    return this.purges.purge(limit, SYSTEM);
  }

  /** Permanently removes deleted clients of organizations that are more than may be restored; says how many. */
  purgeSurplus(): Promise<number> {
    return this.purges.purgeSurplus(SYSTEM);
  }

  /** Disables clients whose software statement expired until `limit`; says how many. */
  disableLapsed(limit: Date): Promise<number> {
    return this.repository.disableLapsed(limit, SYSTEM);
  }

  private set(
    key: ClientKey,
    change: Partial<Client>,
    action: AuditAction,
    expected: Versions,
    context: RequestContext,
    check?: (client: Client) => void,
  ): Promise<Client> {
    return this.repository.change(key, action, context, (client) => {
      checkVersion(client, expected);
      check?.(client);
      const isSame = Object.entries(change).every(
        ([field, value]) => client[field as keyof Client] === value,
      );
      return isSame ? client : changeClient(client, change);
    });
  }

  /** The client, or null if there is none by that id. */
  find(id: string): Promise<Client | null> {
    return this.lookup.find({ id });
  }

  /** One page of the clients that match `filter`. */
  page(filter: ClientFilter, order: ClientOrder, page: ClientPageRequest): Promise<Page<Client>> {
    return this.search.page(filter, order, page);
  }

  /** How many clients match `filter`. Reads every match unless the filter is one organization, so call it only on request. */
  count(filter: ClientFilter): Promise<number> {
    return this.search.count(filter);
  }

  /** How the clients that match `filter` are distributed. */
  stats(filter: ClientFilter): Promise<ClientStats> {
    return this.search.stats(filter, new Date());
  }
}

const ACTION_OF_STATUS = { active: 'client.enabled', disabled: 'client.disabled' } as const;

/** What can be done to many clients at once: to which of those that match, and what. */
const BULK_CHANGES = {
  disable: {
    action: 'client.disabled',
    concerns: { status: 'active' },
    set: () => ({ status: 'disabled' as const, disabledReason: null }),
  },
  enable: {
    action: 'client.enabled',
    concerns: { status: 'disabled' },
    set: () => ({ status: 'active' as const, disabledReason: null }),
  },
  delete: { action: 'client.deleted', concerns: {}, set: () => ({ deletedAt: new Date() }) },
  restore: { action: 'client.restored', concerns: { deleted: true }, set: () => ({ deletedAt: null }) },
} as const;
export type BulkChange = keyof typeof BULK_CHANGES;

const statementExpired = () =>
  new RegistryError(
    'validation_error',
    'The software statement of the client has expired. The software must replace its registration with a new statement (PUT).',
  );

const withoutCondition = () =>
  refusal('validation_error', {
    filter: ['must contain at least one condition other than deleted'],
  });

const tooMany = () =>
  new RegistryError(
    'validation_error',
    `More than ${MAX_BULK} clients match. Nothing was changed. Use a narrower filter.`,
    { invalidFields: { filter: [`must match at most ${MAX_BULK} clients`] } },
  );

function checkVersion({ version }: Client, expected: Versions): void {
  if (expected === null || expected.includes(version)) return;
  throw new RegistryError(
    'precondition_failed',
    'The client was changed since it was read. Read it again and send its current version (in REST, its ETag).',
  );
}
