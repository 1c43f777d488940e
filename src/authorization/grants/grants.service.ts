import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import { RegistryError } from '../../errors/registry-error.js';
import type { Grant } from './grant.js';
import { GrantsRepository } from './grants.repository.js';

type Owner = Pick<Grant, 'orgId' | 'userId'>;

/** The grants of a user, for the user. */
@Injectable()
export class GrantsService {
  constructor(private readonly repository: GrantsRepository) {}

  /** A page of grants that were not revoked, the newest first, and how many there are. */
  list(owner: Owner, page: { number: number; size: number }): Promise<{ grants: Grant[]; total: number }> {
    return this.repository.page(owner, (page.number - 1) * page.size, page.size);
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

  /** Removes grants that were revoked before `limit`. Returns how many. */
  purge(limit: Date): Promise<number> {
    return this.repository.purge(limit);
  }
}

const noSuchGrant = () => new RegistryError('not_found', 'The grant does not exist.');
