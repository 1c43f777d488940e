import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/variables.js';
import { RegistryError } from '../../errors/registry-error.js';

/** Maximum number of deleted clients of an organization, as a multiple of its limit, and the least such maximum. */
const DELETED_SHARE = 10;
const MIN_DELETED = 100;

/** The limit of clients of an organization (MAX_CLIENTS_PER_ORG), if set. */
@Injectable()
export class OrganizationQuota {
  private readonly max: number | null;
  /** Those in which clients were created since their deleted clients were last counted. */
  readonly growing = new Set<string>();

  constructor(@Inject(CONFIG) { maxClientsPerOrg }: Config) {
    this.max = maxClientsPerOrg;
  }

  /** Deleted clients of an organization that can be restored: the others fill the disk. */
  get maxDeleted(): number {
    return this.max === null ? Infinity : Math.max(MIN_DELETED, DELETED_SHARE * this.max);
  }

  /** Whether clients of this organization are limited; null (no owner) is not. */
  isBounded(orgId: string | null): boolean {
    return this.max !== null && orgId !== null;
  }

  /** How many clients would be added to each organization that is bounded, in one order for all transactions that lock them. */
  addedTo(orgIds: readonly (string | null)[]): [orgId: string, added: number][] {
    const added = new Map<string, number>();
    for (const orgId of orgIds) {
      if (orgId !== null && this.isBounded(orgId)) added.set(orgId, (added.get(orgId) ?? 0) + 1);
    }
    return [...added].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** @throws RegistryError `insufficient_scope` if the organization would exceed its number of clients */
  check(living: number, added: number): void {
    const { max } = this;
    if (max === null || living + added <= max) return;
    throw new RegistryError(
      'insufficient_scope',
      `The organization has reached its limit of ${max} clients (${living} exist). Delete clients or ask the operator for a higher limit.`,
    );
  }
}
