import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

/** A directory that is removed before this process ends. */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `registry-${name}-`));
  whenEnding(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * Runs a script, cleans up also on Ctrl-C, and ends the process: with 1 where the script fails, or says that something is not as it should be.
 */
export async function runScript(main: () => Promise<boolean | void>): Promise<never> {
  cleanUpOnSignals();
  let isGood = false;
  try {
    isGood = (await main()) !== false;
  } catch (error) {
    // After Ctrl-C, work in progress fails
    if (!ended.aborted) console.error(error);
  }
  await cleanUp();
  process.exit(isGood ? 0 : 1);
}

/** Cleans up. Each step runs once, however often it is called, and a failing step stops no other. */
function cleanUp(): Promise<void> {
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

function cleanUpOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => void cleanUp().then(() => process.exit(1)));
  }
}
