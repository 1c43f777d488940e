import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { ask } from './ask.js';
import { runScript, temporaryDirectory } from './cleanup.js';
import { COMPILING_SECONDS, measure } from './compare.js';
import { type DatabaseServer, databasesOf, enginesNamed, runSql } from './databases.js';
import type { Growing } from './growing.js';
import { CONNECTIONS, GOAL, growthTable, loadOf, measureGrowth, whole } from './growth-rounds.js';
import type { LoadRequest } from './load.js';
import { describeMachine, requireDisk } from './machine.js';
import { registry } from './operations.js';
import { list, TITLES } from './report.js';
import { AS_ADMIN, FORM_BODY } from './requests.js';
import { type Server, startServer } from './server.js';
import { issueMany, prepareClientCredentials, preparedRequests } from './tokens.js';

const RESULTS_PATH = join(import.meta.dirname, '../bench/token-growth.md');
const SIZES = [1_000, 1_000_000];
/** Tokens that are introspected in turn, of all that there are: as many as the smallest database has. */
const INTROSPECTED = SIZES[0]!;
const NOTICING_MS = 100;

/** `npm run bench:token-growth`: the same requests with few live tokens and with many. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '5' },
      engine: { type: 'string' },
    },
  });
  requireDisk();
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
  const directory = temporaryDirectory('token-growth');
  const sections = [
    '# Growth of tokens',
    list([...describeMachine(directory), `Date: ${new Date().toISOString().slice(0, 10)}`]),
    `The same requests to registries with ${SIZES.map(whole).join(' and ')} live access tokens. ${CONNECTIONS} connections; medians of ` +
      `${rounds} rounds of ${seconds} s, in each of which the sizes take turns. The introspected tokens are spread over all. The goal is ` +
      `that the slowest hundredth takes at most ${GOAL} times as long at the largest size as at the smallest.`,
  ];
  for (const engine of enginesNamed(values.engine)) {
    const databases = await databasesOf(engine, directory);
    sections.push(
      `## ${TITLES[engine]} ${databases.version}`,
      await grow(databases, directory, seconds, rounds),
    );
  }
  const text = await format(sections.join('\n\n'), { parser: 'markdown' });
  console.log(text);
  if (values.engine === undefined) await writeFile(RESULTS_PATH, text);
}

async function grow(databases: DatabaseServer, directory: string, seconds: number, rounds: number) {
  const tokens = new Map<Server, LoadRequest[]>();
  const growings: Growing[] = [
    {
      label: 'introspect',
      headers: { ...FORM_BODY, ...AS_ADMIN },
      expectedStatus: 200,
      requests: (server) => tokens.get(server)!,
    },
    {
      label: 'client credentials',
      headers: FORM_BODY,
      expectedStatus: 200,
      requests: preparedRequests('client credentials'),
    },
  ];
  for (const size of SIZES) {
    console.error(`${whole(size)} tokens …`);
    const server = await startServer('registry', await databases.create(), directory);
    const issued = await issueMany(server, size);
    await settle(server.databaseUrl);
    const asked = issued.filter((_, i) => i % (size / INTROSPECTED) === 0);
    tokens.set(
      server,
      asked.map(({ token }) => ({ method: 'POST', path: '/v2/oauth/introspect', body: `token=${token}` })),
    );
    await prepareClientCredentials(server);
    // A token that is not active would be answered with 200, too
    await ask(
      { ...registry, ...growings[0]!, requests: () => tokens.get(server)!, expectedClients: 1 },
      server,
    );
  }
  const servers = [...tokens.keys()];
  const growths = [];
  for (const growing of growings) {
    console.error(`${growing.label} …`);
    for (const [i, server] of servers.entries()) {
      await measure(loadOf(growing, server, SIZES[i]!, COMPILING_SECONDS));
    }
    growths.push(await measureGrowth(growing, servers, SIZES, seconds, rounds));
  }
  for (const server of servers) await server.stop();
  return growthTable(SIZES, growths);
}

/** As each database does sooner or later by itself. */
async function settle(databaseUrl: string): Promise<void> {
  const isSqlite = databaseUrl.startsWith('sqlite:');
  await runSql(databaseUrl, isSqlite ? 'PRAGMA wal_checkpoint(TRUNCATE)' : 'VACUUM ANALYZE oauth_tokens');
  // The server has closed connections while this process was busy, which notices that now
  await setTimeout(NOTICING_MS);
}

await runScript(main);
