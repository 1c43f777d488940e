import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from './process.js';
import { directoryInMemory } from './memory.js';
import { aClient } from './registry.js';

export const KEY = 'a-bootstrap-key-of-more-than-32-characters';
export const URL_LINE = /Listening on (http:\/\/\S+)/;

/** Of the test that runs. */
export let directory: string;
export let programs: Program[];

/** Gives each test an empty directory, and ends the programs that it has left. */
export function startProgramsPerTest(): void {
  let umask: number;
  // Files that a test makes are for their owner alone, as those of the service are, or it would report that it restricts their permissions
  beforeAll(() => {
    umask = process.umask(0o077);
  });
  afterAll(() => void process.umask(umask));
  beforeEach(async () => {
    directory = await mkdtemp(join(directoryInMemory() ?? tmpdir(), 'registry-process-'));
    programs = [];
  });
  afterEach(async () => {
    for (const program of programs) program.signal('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
    await rm(directory, { recursive: true, force: true });
  });
}

export function start(
  env: Record<string, string> = {},
  script: 'main.js' | 'cli.js' = 'main.js',
  args?: string[],
  startedBy?: string[],
): Program {
  const program = new Program(script, { cwd: directory, env: { PORT: '0', ...env }, args, startedBy });
  programs.push(program);
  return program;
}

export const createClient = (url: string, key: string) =>
  fetch(`${url}/v2/oauth/clients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(aClient()),
  });
