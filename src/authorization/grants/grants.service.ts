import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import type { RequestContext } from '../../audit/audit-event.js';
import { refusal } from '../../clients/client/client-request.js';
import { RegistryError } from '../../errors/registry-error.js';
import type { IdPageRequest, Page } from '../../database/sql/pages.js';
import type { Grant, GrantFilter } from './grant.js';
import { GrantsRepository } from './grants.repository.js';

type Owner = Pick<Grant, 'orgId' | 'userId'>;

/** How long one operation revokes grants: within what a request may take. */
const REVOKING_MS = 5_000;

/** What an operator did, in the audit log; other reasons are the user, and misuse of codes and tokens. */
const BY_OPERATOR = 'administrator';

/** The grants of users: for themselves, and for operators. */
@Injectable()
export class GrantsService {
  constructor(private readonly repository: GrantsRepository) {}

  /** A page of grants that were not revoked, the newest first, and how many there are. */
  list(
    owner: Owner,
    page: { number: number; size: number },
    { isWaiting }: RequestContext,
  ): Promise<{ grants: Grant[]; total: number }> {
    return this.repository.pageOfUser(owner, (page.number - 1) * page.size, page.size, { isWaiting });
  }

  /** @throws RegistryError `not_found` */
  async get(id: string, { orgId, userId }: Owner): Promise<Grant> {
    const grant = await this.repository.find(id);
    if (grant?.userId !== userId || grant.orgId !== orgId || grant.revokedAt !== null) throw noSuchGrant();
    return grant;
  }

  /**
   * Revokes a grant. Its codes and tokens end at once.
   * @throws RegistryError `not_found`
   */
  async revoke(id: string, owner: Owner, context: RequestContext): Promise<Grant> {
    const grant = await this.get(id, owner);
    if (!(await this.repository.revoke(id, 'user', context))) throw noSuchGrant();
    return grant;
  }

  /** Grants of any user that match and were not revoked, the newest first. */
  page(filter: GrantFilter, request: IdPageRequest): Promise<Page<Grant>> {
    return this.repository.page(filter, request);
  }

  /** How many there are. */
  count(filter: GrantFilter): Promise<number> {
    return this.repository.count(filter);
  }

  /** Such a page for each of several clients. */
  pages(clientIds: readonly string[], request: IdPageRequest): Promise<Map<string, Page<Grant>>> {
    return this.repository.pages(clientIds, request);
  }

  /**
   * Revokes a grant of any user.
   * @throws RegistryError `not_found`
   */
  async revokeOne(id: string, context: RequestContext): Promise<Grant> {
    const grant = isUuid(id) ? await this.repository.find(id) : null;
    if (grant === null || !(await this.repository.revoke(id, BY_OPERATOR, context))) throw noSuchGrant();
    return grant;
  }

  /**
   * Revokes the grants that match, as many as {@link REVOKING_MS} allow.
   * @returns how many, and whether others are left
   * @throws RegistryError `validation_error` without any condition
   */
  async revokeAll(
    filter: GrantFilter,
    context: RequestContext,
  ): Promise<{ count: number; hasMore: boolean }> {
    if (Object.keys(filter).length === 0) {
      throw refusal('validation_error', { clientId: ['clientId, userId or orgId is required'] });
    }
    const count = await this.repository.revokeAll(filter, REVOKING_MS, BY_OPERATOR, context);
    const { rows } = await this.repository.page(filter, { size: 1, after: null });
    return { count, hasMore: rows.length > 0 };
  }

  /** Removes grants that were revoked before `limit`. Returns how many. */
  purge(limit: Date): Promise<number> {
    return this.repository.purge(limit);
  }
}

const noSuchGrant = () => new RegistryError('not_found', 'The grant does not exist.');
