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

/** Of an earlier run, to send the same; `npm run fuzz` sends more, to a process of its own. */
const SEED = Number(process.env.FUZZ_SEED ?? 1 + Math.floor(Math.random() * 1e9));
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
    const { doors } = statistics;
    expect(statistics.requests).toBeGreaterThanOrEqual(REQUESTS);
    const reached = Object.keys(REACHED).filter((door) => doors.get(door)?.statuses.has(REACHED[door]!));
    expect(reached).toEqual(Object.keys(REACHED));
  }, 120_000);
});

/** Doors that so few requests get through for sure, with the status behind them. */
const REACHED: Record<string, number> = {
  CreateOAuthClient: 201,
  RegisterOAuthClient: 201,
  createOAuthClient: 200,
};
