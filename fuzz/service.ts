import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { whenEnding } from '../bench/cleanup.js';

const PROBE = resolve(import.meta.dirname, 'memory-probe.js');
const SERVICE = resolve(import.meta.dirname, '../../dist/main.js');

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_INTERVAL_MS = 20;

/** pino's number of the level. */
const LEVELS = { warn: 40, error: 50 };

/** A line of the log that is not a request. */
export interface Complaint {
  level: number;
  message: string;
}

/** The built service, as a process of its own. */
export interface Service {
  url: string;
  adminKey: string;
  /** Null while it runs. */
  exit: () => string | null;
  memory(): Promise<NodeJS.MemoryUsage>;
  /** Stops it. @returns log lines of level warning or above, and lines that are not JSON. Passes each line to `see` */
  stop(see: (line: string) => void): Promise<Complaint[]>;
}

/** @param directory where its log goes, and where it runs */
export async function startService(
  directory: string,
  databaseUrl: string,
  env: Record<string, string>,
): Promise<Service> {
  const cwd = mkdtempSync(join(directory, 'service-'));
  const logPath = join(cwd, 'log');
  const log = openSync(logPath, 'w');
  const adminKey = randomBytes(30).toString('base64url');
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=8', '--expose-gc', `--import=${PROBE}`, SERVICE],
    {
      cwd,
      stdio: ['ignore', log, log, 'ipc'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_ENV: 'production',
        PORT: '0',
        // The authorization server requires one in production. Its port is not known here
        PUBLIC_URL: 'http://127.0.0.1',
        BOOTSTRAP_API_KEY: adminKey,
        DATABASE_URL: databaseUrl,
        ...env,
      },
    },
  );
  closeSync(log);
  let exit: string | null = null;
  const end = once(child, 'close').then(([code, signal]) => void (exit = String(code ?? signal)));
  const kill = async () => {
    child.kill('SIGTERM');
    await Promise.race([end, setTimeout(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await end;
  };
  whenEnding(kill);

  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS && exit === null; waitedMs += POLL_INTERVAL_MS) {
    const url = /Listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(readFileSync(logPath, 'utf8'))?.[1];
    if (url) {
      return {
        url,
        adminKey,
        exit: () => exit,
        memory: async () => {
          child.send('memory');
          const [usage] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
          return usage;
        },
        stop: async (see) => {
          await kill();
          return complaintsIn(logPath, see);
        },
      };
    }
    await setTimeout(POLL_INTERVAL_MS);
  }
  throw new Error(`The service does not start: ${readFileSync(logPath, 'utf8')}`);
}

async function complaintsIn(logPath: string, see: (line: string) => void): Promise<Complaint[]> {
  const complaints: Complaint[] = [];
  for await (const line of createInterface({ input: createReadStream(logPath) })) {
    see(line);
    const entry = parseLine(line);
    if (entry.level >= LEVELS.warn) complaints.push(entry);
  }
  return complaints;
}

/** A line that is not JSON bypassed the logger, such as an unhandled rejection. */
function parseLine(line: string): Complaint {
  try {
    const { level, msg, err } = JSON.parse(line) as { level: number; msg: string; err?: object };
    return { level, message: `${msg} ${err ? JSON.stringify(err) : ''}`.trim() };
  } catch {
    return { level: LEVELS.error, message: line };
  }
}
