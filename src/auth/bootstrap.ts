import type { INestApplicationContext } from '@nestjs/common';
import { SYSTEM } from '../audit/audit-event.js';
import { type Config, ConfigError, settingFault } from '../config/config.js';
import { ApiKeysService } from './api-keys.service.js';

/**
 * Sees to it that somebody can call: takes BOOTSTRAP_API_KEY, or makes a key for an empty embedded database.
 * @returns the key that was made, to be shown once; null where none was
 * @throws ConfigError where a PostgreSQL without any key comes without BOOTSTRAP_API_KEY: a key that one of many
 *   instances printed somewhere would be found by nobody, or by the wrong one
 */
export async function bootstrapApiKey(app: INestApplicationContext, config: Config): Promise<string | null> {
  const apiKeys = app.get(ApiKeysService, { strict: false });
  const key = {
    name: 'bootstrap',
    orgId: config.bootstrapOrgId,
    userId: config.bootstrapUserId,
    role: 'admin',
    expiresAt: null,
  } as const;
  if (config.bootstrapApiKey !== null) {
    await apiKeys.ensure(key, config.bootstrapApiKey);
    return null;
  }
  if (await apiKeys.hasAny()) return null;
  if (config.database.engine === 'postgres') {
    throw new ConfigError(`${settingFault('bootstrapApiKey')}; the first start on PostgreSQL requires it`);
  }
  const { value } = await apiKeys.create(key, SYSTEM);
  return value;
}
