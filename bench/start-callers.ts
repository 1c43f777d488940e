import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Experience } from './callers.js';
import { whenEnding } from './cleanup.js';
import { API_KEY } from './server.js';

/** Starts callers in a process of their own; they go on until `end` is called. */
export function startCallers(url: string, count: number): { end(): Promise<Experience> } {
  const script = join(import.meta.dirname, 'callers.js');
  const child: ChildProcess = spawn(process.execPath, [script, url, String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // They call as the admin of the instances
    env: { ...process.env, BENCH_API_KEY: API_KEY },
  });
  whenEnding(() => child.kill());
  const output = text(child.stdout!);
  return {
    end: async () => {
      child.stdin!.end();
      return JSON.parse(await output) as Experience;
    },
  };
}
