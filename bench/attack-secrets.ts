import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cleanUp, cleanUpOnSignals, ended, whenEnding } from './cleanup.js';
import { median } from './compare.js';
import { type DatabaseServer, ENGINES, postgresAt, sqliteIn, startBundledPostgres } from './databases.js';
import { AS_ADMIN, CLIENT, JSON_BODY } from './operations.js';
import { residentMb } from './process-usage.js';
import { type Server, startServer } from './server.js';

const USAGE = `npm run attack:secrets -- [options]
  --engine NAME         only ${ENGINES.join(' or ')}`;

const CLIENTS_PATH = '/v2/oauth/clients';
/** Secrets that end as soon as the next one is issued. */
const ISSUED = 6_000;
const ISSUERS = 20;
const ISSUING_MS = 90_000;
const READERS = 20;
const READING_MS = 10_000;
const PAUSE_MS = 20;
/** A request that takes longer is one that failed. */
const TIMEOUT_MS = 10_000;

/** What must hold throughout. */
const MAX_LIVE_MS = 100;
const MAX_RESIDENT_MB = 400;

type Headers = Record<string, string>;

/** How long others waited, and how much memory the service took. */
interface Seen {
  liveMs: number[];
  createMs: number[];
  residentMb: number;
}

/** A member who piles up secrets that have ended, and reads them again and again, against everybody else. */
async function attack(databases: DatabaseServer, directory: string): Promise<boolean> {
  const server = await startServer('registry', await databases.create(), directory);
  const [attacker, other] = [await memberOf(server, 'attacker'), await memberOf(server, 'other')];
  const created = await send(server, CLIENTS_PATH, attacker, CLIENT);
  const { data } = (await created.json()) as { data: { client_id: string } };
  const path = `${CLIENTS_PATH}/${data.client_id}/secrets`;

  const alone = await watched(server, other, () => setTimeout(2_000));
  let issued = 0;
  const issuing = await watched(server, other, () =>
    together(ISSUERS, ISSUING_MS, async () => {
      if (issued++ >= ISSUED) return false;
      await drain(send(server, path, attacker, { expire_others_in: 0 }));
      return true;
    }),
  );
  let bytes = 0;
  const reading = await watched(server, other, () =>
    together(READERS, READING_MS, async () => {
      bytes = await drain(send(server, path, attacker));
      return true;
    }),
  );
  await server.stop();
  const phases = {
    'nobody attacks': alone,
    [`${issued - ISSUERS} secrets are issued`]: issuing,
    'they are read': reading,
  };
  console.log(`One reply to a reader: ${bytes} bytes`);
  for (const [name, seen] of Object.entries(phases)) console.log(`${name}: ${described(seen)}`);
  return [issuing, reading].every(
    ({ liveMs, residentMb }) => Math.max(...liveMs) <= MAX_LIVE_MS && residentMb <= MAX_RESIDENT_MB,
  );
}

const described = ({ liveMs, createMs, residentMb }: Seen) =>
  [
    `/health/live ${times(liveMs)}`,
    `create of another organization ${times(createMs)}`,
    `${residentMb.toFixed(0)} MB at most`,
  ].join('; ');
const times = (ms: number[]) =>
  `${median(ms).toFixed(0)} ms in the median, ${Math.max(...ms).toFixed(0)} ms at most`;

/** What everybody else sees while `work` is done. */
async function watched(server: Server, other: Headers, work: () => Promise<unknown>): Promise<Seen> {
  const seen: Seen = { liveMs: [], createMs: [], residentMb: 0 };
  let isOver = false;
  const again = async (look: () => Promise<unknown>) => {
    do {
      await look();
      await setTimeout(PAUSE_MS);
    } while (!isOver);
  };
  const watching = [
    again(async () => seen.liveMs.push(await timed(send(server, '/health/live', {})))),
    again(async () => seen.createMs.push(await timed(send(server, CLIENTS_PATH, other, CLIENT)))),
    again(() => {
      seen.residentMb = Math.max(seen.residentMb, residentMb(server.pid) ?? 0);
      return Promise.resolve();
    }),
  ];
  try {
    await work();
  } finally {
    isOver = true;
    await Promise.all(watching);
  }
  return seen;
}

/** Has so many do the same again and again at once, until one of them has nothing left to do, or the time is over. */
async function together(count: number, forMs: number, work: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + forMs;
  const one = async () => {
    while (performance.now() < until && !ended.aborted && (await work()));
  };
  await Promise.all(Array.from({ length: count }, one));
}

const send = ({ url }: Server, path: string, headers: Headers, body?: object): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { ...headers, ...(body && JSON_BODY) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.any([ended, AbortSignal.timeout(TIMEOUT_MS)]),
  });

/** @returns the bytes of the reply, however it turned out */
async function drain(sent: Promise<Response>): Promise<number> {
  try {
    return (await (await sent).arrayBuffer()).byteLength;
  } catch {
    return 0;
  }
}

/** A request that fails, or is refused, took as long as nobody waits. */
async function timed(sent: Promise<Response>): Promise<number> {
  const since = performance.now();
  try {
    const response = await sent;
    await response.arrayBuffer();
    return response.ok ? performance.now() - since : TIMEOUT_MS;
  } catch {
    return TIMEOUT_MS;
  }
}

/** The credentials of a member of an organization. */
async function memberOf(server: Server, orgId: string): Promise<Headers> {
  const input = `{ name: "member", orgId: "${orgId}", userId: "user", role: MEMBER }`;
  const query = `mutation { createApiKey(input: ${input}) { value } }`;
  const text = await (await send(server, '/graphql', AS_ADMIN, { query })).text();
  const value = /"value":"([^"]+)"/.exec(text)?.[1];
  if (value === undefined) throw new Error(`There should be a key: ${text}`);
  return { authorization: `Bearer ${value}` };
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({ options: { engine: { type: 'string' } } });
  const engines = ENGINES.filter((engine) => values.engine === undefined || engine === values.engine);
  if (engines.length === 0) throw new Error(USAGE);
  const directory = mkdtempSync(join(tmpdir(), 'registry-attack-'));
  whenEnding(() => rm(directory, { recursive: true, force: true }));
  let isGood = true;
  for (const engine of engines) {
    const databases =
      engine === 'sqlite' ? sqliteIn(directory) : await postgresAt(await startBundledPostgres());
    console.log(`${engine} ${databases.version}`);
    isGood = (await attack(databases, directory)) && isGood;
  }
  console.log(
    `${isGood ? 'good' : 'BAD'}: /health/live must take ${MAX_LIVE_MS} ms and the service ${MAX_RESIDENT_MB} MB at most.`,
  );
  return isGood;
}

cleanUpOnSignals();
let exitCode = 1;
try {
  if (await main()) exitCode = 0;
} catch (error) {
  if (!ended.aborted) console.error(error);
}
await cleanUp();
process.exit(exitCode);
