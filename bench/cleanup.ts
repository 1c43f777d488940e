type Step = () => unknown;

const steps: Step[] = [];
const ending = new AbortController();
let cleaned: Promise<void> | undefined;

/** Aborted as soon as cleaning begins. */
export const ended: AbortSignal = ending.signal;

/** Has `step` run before this process ends, those registered last first. */
export function whenEnding(step: Step): void {
  steps.push(step);
}

/** Leaves nothing behind. However often it is called, everything is done once, and a step that fails stops no other. */
export function cleanUp(): Promise<void> {
  return (cleaned ??= runSteps());
}

async function runSteps(): Promise<void> {
  ending.abort();
  for (const step of steps.toReversed()) {
    try {
      await step();
    } catch (error) {
      console.error(error);
    }
  }
}

/** Cleans up on Ctrl-C, too. */
export function cleanUpOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => void cleanUp().then(() => process.exit(1)));
  }
}
