import { type Config, readConfig, VARIABLES } from './variables.js';
import { readEnvFile } from './env-file.js';
import { nameFault } from './misspelled-variables.js';

/**
 * Reads the configuration as every command does: from the environment and, for what is not set there, from `.env`.
 * @throws ConfigError with a line for each fault
 */
export function loadConfig(): Config {
  const { variables, faults } = readEnvFile('.env', (name) => nameFault(name, VARIABLES));
  for (const [name, value] of Object.entries(variables)) process.env[name] ??= value;
  return readConfig(process.env, faults);
}
