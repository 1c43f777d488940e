/** What the service cannot run with: one line for each fault, which names the variable and what it takes. */
export class ConfigError extends Error {
  constructor(...faults: readonly string[]) {
    super(faults.join('\n'));
  }
}
