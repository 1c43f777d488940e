import { Injectable } from '@nestjs/common';
import { type RequestContext, SYSTEM } from '../../audit/audit-event.js';
import { refusal } from '../client/client-request.js';
import { ClientUseRepository, type UnusedClients } from './client-use.repository.js';

export type { UnusedClients } from './client-use.repository.js';

/** Clients of one report. */
export const MAX_REPORTED = 1_000;

/** Which clients are used, as authorization servers say, and what becomes of anonymous ones that are not (ADR 9). */
@Injectable()
export class ClientUseService {
  constructor(private readonly repository: ClientUseRepository) {}

  /**
   * Writes down that clients are used. Not a change of theirs: neither their version nor the audit log know of it.
   * @returns how many were not known to be, within the last hour; ids of deleted or unknown clients are ignored
   * @throws RegistryError `validation_error` if they are too many
   */
  async recordUse(ids: readonly string[]): Promise<number> {
    if (ids.length > MAX_REPORTED) {
      throw refusal('validation_error', { clientIds: [`must contain at most ${MAX_REPORTED} ids`] });
    }
    return this.repository.recordUse(ids, new Date());
  }

  /** Counts unused anonymous clients with no registration since `limit`. Reads each of them. */
  unusedSince(limit: Date): Promise<UnusedClients> {
    return this.repository.summary(limit);
  }

  /** Permanently removes them, batch by batch; says how many. */
  expire(limit: Date, context: RequestContext = SYSTEM): Promise<number> {
    return this.repository.removeAll(limit, context);
  }

  /** Removes the rest of removed clients with many events; says how many rows. */
  purgeRemoved(): Promise<number> {
    return this.repository.purgeRemoved();
  }
}
