import { Inject, Injectable, Logger } from '@nestjs/common';
import { Interval, Timeout } from '@nestjs/schedule';
import { SigningKeys } from '../authorization/keys/signing-keys.js';
import { CONFIG, type Config, isAuthorizationServerOn } from '../config/variables.js';
import { runJob } from './job.js';

const FIRST_RUN_MS = 90_000;
const INTERVAL_MS = 3_600_000;

/** Creates the next signing key when it is due. With several instances, one creates it. */
@Injectable()
export class KeyRotation {
  private readonly logger = new Logger(KeyRotation.name);

  constructor(
    @Inject(CONFIG)
    private readonly config: Pick<Config, 'authorizationServer' | 'production' | 'signingKeyRotationMs'>,
    private readonly keys: SigningKeys,
  ) {}

  /** Never fails: what could not be done now is done an hour later. */
  @Timeout(FIRST_RUN_MS)
  @Interval(INTERVAL_MS)
  async run(): Promise<void> {
    const { keys, config } = this;
    if (!isAuthorizationServerOn(config) || config.signingKeyRotationMs === null) return;
    const limit = new Date(Date.now() - config.signingKeyRotationMs);
    await runJob('rotate_signing_keys', this.logger, async () => Number(await keys.rotateIfOlder(limit)));
  }
}
