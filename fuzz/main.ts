import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSchema } from 'graphql';
import { runScript, temporaryDirectory, whenEnding } from '../bench/cleanup.js';
import { databasesOf, type Engine, ENGINES } from '../bench/databases.js';
import { TokenIssuer } from '../test/support/backing-services/token-issuer.js';
import { createCallers, trusting } from './callers.js';
import { Fuzzer } from './fuzz.js';
import { growthMb, isGrowing, type MemorySample } from './growth.js';
import { secretsIn } from './known.js';
import { OpenApiDocument } from './openapi-document.js';
import { tellsCredential } from './oracles/flows.js';
import { describe, table } from './report.js';
import { type Service, startService } from './service.js';
import { Statistics } from './statistics.js';

const USAGE = `npm run fuzz -- [options]
  --requests N      to each engine (100000)
  --engine NAME     only ${ENGINES.join(' or ')}
  --seed N          of an earlier run, to send the same`;

/** In-flight requests at once: enough for them to meet, too few to be turned away. */
const CALLERS = 16;
/** Memory is looked at after each. */
const PARTS = 20;

const BYTES_PER_MB = 2 ** 20;
const ERROR_LEVEL = 50;

interface Options {
  requests: number;
  engines: readonly Engine[];
  seed: number;
}

/** @returns how many things are wrong */
async function main({ requests, engines, seed }: Options): Promise<number> {
  const directory = temporaryDirectory('fuzz');
  const issuer = await TokenIssuer.start();
  whenEnding(() => issuer.stop());
  let wrong = 0;
  for (const engine of engines) {
    const databases = await databasesOf(engine, directory);
    const service = await startService(directory, await databases.create(), trusting(issuer));
    console.log(`\n${engine}: ${requests} requests, seed ${seed}`);
    wrong += await fuzz(service, issuer, requests, seed);
  }
  return wrong;
}

async function fuzz(service: Service, issuer: TokenIssuer, requests: number, seed: number): Promise<number> {
  const statistics = new Statistics();
  const samples: MemorySample[] = [];
  const target = {
    url: service.url,
    document: await OpenApiDocument.of(service.url),
    schema: buildSchema(readFileSync(resolve(import.meta.dirname, '../../schema.graphql'), 'utf8')),
    callers: await createCallers(service.url, service.adminKey, issuer, CALLERS),
  };
  const fuzzer = new Fuzzer(target, statistics);
  const start = performance.now();
  for (let part = 0; part < PARTS && service.exit() === null; part++) {
    samples.push(await sample(service, statistics.requests));
    await fuzzer.run(requests / PARTS, seed);
    console.error(`${statistics.requests} requests, ${fuzzer.found.size} findings …`);
  }
  const seconds = (performance.now() - start) / 1000;
  const exit = service.exit();
  if (exit === null) samples.push(await sample(service, statistics.requests));
  fuzzer.close();

  const issued = new Set([service.adminKey, ...target.callers.flatMap(({ secrets }) => [...secrets])]);
  const told = new Set(target.callers.flatMap(({ flows }) => [...flows.credentials]));
  let leaked = 0;
  const complaints = await service.stop((line) => {
    if (secretsIn(line).some((secret) => issued.has(secret)) || tellsCredential(line, told)) leaked++;
  });
  console.log(
    `${table(statistics, samples)}\n${(statistics.requests / seconds).toFixed(0)} requests per second`,
  );
  for (const { level, message } of complaints)
    console.log(`${level >= ERROR_LEVEL ? '✗' : ' '} log: ${message}`);

  const wrong = [
    ...[...fuzzer.found.values()].map(describe),
    ...(exit === null ? [] : [`✗ The service has ended with ${exit}`]),
    ...(leaked > 0 ? [`✗ ${leaked} lines of the log tell a secret`] : []),
    ...(isGrowing(samples)
      ? [`✗ The heap has grown by ${growthMb(samples).toFixed(1)} MB after the warm-up`]
      : []),
  ];
  for (const each of wrong) console.log(each);
  return wrong.length + complaints.filter(({ level }) => level >= ERROR_LEVEL).length;
}

async function sample(service: Service, requests: number): Promise<MemorySample> {
  const { heapUsed, rss } = await service.memory();
  return { requests, heapMb: heapUsed / BYTES_PER_MB, residentMb: rss / BYTES_PER_MB };
}

/** @throws Error that names the option which takes something else */
function readOptions(): Options {
  const { values } = parseArgs({
    options: { requests: { type: 'string' }, engine: { type: 'string' }, seed: { type: 'string' } },
  });
  const engines = ENGINES.filter((engine) => (values.engine ?? engine) === engine);
  if (engines.length === 0) throw new Error(`--engine takes ${ENGINES.join(' or ')}`);
  return {
    requests: readCount('--requests', values.requests ?? '100000'),
    engines,
    seed: readCount('--seed', values.seed ?? String(1 + Math.floor(Math.random() * 1e9))),
  };
}

function readCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new Error(`${option} takes a whole number from 1`);
  return Number(text);
}

function options(): Options {
  try {
    return readOptions();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(1);
  }
}

await runScript(async () => {
  const wrong = await main(options());
  console.log(wrong === 0 ? 'Nothing is wrong.' : `${wrong} things are wrong.`);
  return wrong === 0;
});
