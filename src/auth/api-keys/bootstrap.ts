import { open, rm } from 'node:fs/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { SYSTEM } from '../../audit/audit-event.js';
import { type Config, ConfigError, settingFault } from '../../config/variables.js';
import { ApiKeysService } from './api-keys.service.js';

/** The first admin key of a SQLite database: itself, for a terminal, or the file that holds it. */
export type FirstKey = { value: string } | { file: string };

/**
 * Creates the first admin key: from BOOTSTRAP_API_KEY, or a random one for a SQLite database that has no admin key.
 * @param isLogged whether standard output is a log, which must not hold a key: it is then written to a file next to the database
 * @returns the key that was made; null if none was
 * @throws ConfigError for a PostgreSQL database without an admin key if BOOTSTRAP_API_KEY is not set: with several instances, the
 *   operator would not know which log has the key
 */
export async function bootstrapApiKey(
  app: INestApplicationContext,
  config: Config,
  isLogged: boolean,
): Promise<FirstKey | null> {
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
  if (await apiKeys.hasAdmin()) return null;
  if (config.database.engine === 'postgres') {
    throw new ConfigError(`${settingFault('bootstrapApiKey')}; the first start on PostgreSQL requires it`);
  }
  const make = async () => (await apiKeys.create(key, SYSTEM)).value;
  if (!isLogged) return { value: await make() };
  const file = `${config.database.path}.admin-key`;
  await writeNewFile(file, make);
  return { file };
}

/** Opens the file before there is anything to write: a key that cannot be kept must not be made. */
async function writeNewFile(path: string, content: () => Promise<string>): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EEXIST' ? 'it exists already; remove it' : error.message;
    throw new ConfigError(`Cannot write the first admin key to ${path}: ${reason}, or set BOOTSTRAP_API_KEY`);
  });
  try {
    await file.writeFile(`${await content()}\n`);
    await file.sync();
  } catch (error) {
    // Or the next start would find it in its way
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
