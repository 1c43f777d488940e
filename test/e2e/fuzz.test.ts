import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { createCallers, trusting } from '../../fuzz/callers.js';
import { Fuzzer } from '../../fuzz/fuzz.js';
import { OpenApiDocument } from '../../fuzz/openapi-document.js';
import { describe as told } from '../../fuzz/report.js';
import { Statistics } from '../../fuzz/statistics.js';
import { onEachEngine } from '../support/databases.js';
import { Registry } from '../support/registry.js';
import { TokenIssuer } from '../support/token-issuer.js';

/** The same each time, so that a change is judged by what it changes; `npm run fuzz` sends others, and more. */
const SEED = Number(process.env.FUZZ_SEED ?? 20261123);
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 1_500);
const CALLERS = 4;

onEachEngine((engine) => {
  let issuer: TokenIssuer;
  let registry: Registry;
  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    registry = await Registry.start(engine, trusting(issuer));
  });
  afterAll(async () => {
    await registry.stop();
    issuer.stop();
  });

  it('whatever is sent to any door, no reply is a fault of the server, breaks its schema, or tells too much', async () => {
    const { url, adminKey } = registry;
    const statistics = new Statistics();
    const target = {
      url,
      document: await OpenApiDocument.of(url),
      schema: buildSchema(readFileSync('schema.graphql', 'utf8')),
      callers: await createCallers(url, adminKey, issuer, CALLERS),
    };
    const fuzzer = new Fuzzer(target, statistics);
    await fuzzer.run(REQUESTS, SEED);
    fuzzer.close();
    expect([...fuzzer.found.values()].map(told).join('\n\n')).toBe('');
    // It got past the doors: nothing is found where everything is refused
    expect(statistics.requests).toBeGreaterThanOrEqual(REQUESTS);
    expect(statistics.done).toBeGreaterThan(REQUESTS / 20);
  }, 120_000);
});
