import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { ClientsService } from '../clients/registry/clients.service.js';
import { runJob } from './job.js';

/** Within it, the rate limits bound how many clients an organization creates and deletes. */
const INTERVAL_MS = 60_000;

/** Permanently removes deleted clients of organizations with a limit (MAX_CLIENTS_PER_ORG) that are more than may be restored. */
@Injectable()
export class SurplusClients {
  private readonly logger = new Logger(SurplusClients.name);

  constructor(private readonly clients: ClientsService) {}

  /** Never fails: what could not be removed now is removed a minute later. */
  @Interval(INTERVAL_MS)
  async purge(): Promise<void> {
    const rows = await runJob('purge_surplus_clients', this.logger, () => this.clients.purgeSurplus());
    if (rows > 0) this.logger.warn(`purge_surplus_clients: ${rows} rows.`);
  }
}
