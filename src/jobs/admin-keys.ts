import { Injectable, Logger } from '@nestjs/common';
import { Interval, Timeout } from '@nestjs/schedule';
import { ApiKeysService, LASTING_DAYS } from '../auth/api-keys/api-keys.service.js';

const FIRST_RUN_MS = 10_000;
const INTERVAL_MS = 3_600_000;

/** Warns operators before they are locked out: the expiry of the last admin key cannot be prevented. */
@Injectable()
export class AdminKeys {
  private readonly logger = new Logger(AdminKeys.name);

  constructor(private readonly apiKeys: ApiKeysService) {}

  /** Never fails: what cannot be found out now is found out an hour later. */
  @Timeout(FIRST_RUN_MS)
  @Interval(INTERVAL_MS)
  async check(): Promise<void> {
    try {
      if (await this.apiKeys.hasLastingAdmin()) return;
      this.logger.warn(
        `No admin key remains valid for ${LASTING_DAYS} days. Create one: npm run api-key -- create --name NAME --org ORG --role admin`,
      );
    } catch (error) {
      this.logger.error(error);
    }
  }
}
