import { Inject, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { ClientsService } from '../clients/registry/clients.service.js';
import { CONFIG, type Config } from '../config/variables.js';
import { PurgeClock } from '../database/clock/purge-clock.js';
import { runJob } from './job.js';

/** Servers that only look up clients see no expiry before the job ran. */
const INTERVAL_MS = 60_000;

/** Disables clients whose software statement has expired, on any number of instances at once. The {@link PurgeClock} says what is due. */
@Injectable()
export class LapsedClients {
  private readonly logger = new Logger(LapsedClients.name);

  constructor(
    private readonly clients: ClientsService,
    private readonly clock: PurgeClock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Never fails: what could not be disabled now is disabled a minute later. */
  @Interval(INTERVAL_MS)
  async disable(): Promise<void> {
    const rows = await runJob('disable_lapsed_clients', this.logger, async () => {
      // Without a reading, which the purges take
      const { time } = await this.clock.read(this.config.purgeMaxClockSkewMs);
      return this.clients.disableLapsed(time);
    });
    if (rows > 0) this.logger.warn(`disable_lapsed_clients: ${rows} rows.`);
  }
}
