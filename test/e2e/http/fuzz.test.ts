import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createServer,
  globalAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { buildSchema } from 'graphql';
import { createCallers, trusting } from '../../../fuzz/callers.js';
import { Fuzzer } from '../../../fuzz/fuzz.js';
import type { HttpRequest } from '../../../fuzz/http-request.js';
import { OpenApiDocument } from '../../../fuzz/openapi-document.js';
import { describe as told } from '../../../fuzz/report.js';
import { send } from '../../../fuzz/send.js';
import { Statistics } from '../../../fuzz/statistics.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';

/** The same each time, so that a failure is due to the change under test; `npm run fuzz` sends others, and more. */
const SEED = Number(process.env.FUZZ_SEED ?? 20261123);
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 1_100);
const CALLERS = 4;

/** What so many requests must achieve at least at the authorization server. */
const LEAST = {
  consent: 15,
  authorization_code: 8,
  refresh_token: 3,
  'active token': 8,
  revocation: 2,
  'revoked grant': 1,
};

/** A proxy that adds the secret of a client to every reply with the client. */
async function leakSecretsOf(url: string): Promise<Server> {
  const secrets = new Map<string, string>();
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body = await buffer(incoming);
    const request: HttpRequest = {
      label: '',
      method: incoming.method!,
      path: incoming.url!,
      headers: headersToPassOn(incoming.headers),
      body: body.length > 0 ? body.toString('latin1') : null,
      encoding: 'latin1',
    };
    const { status, headers, text } = await send(url, globalAgent, request);
    const [, clientId = ''] = /"client_id":"([^"]+)"/.exec(text) ?? [];
    const [, secret] = /"client_secret":"([^"]+)"/.exec(text) ?? [];
    if (secret !== undefined) secrets.set(clientId, secret);
    const told = secrets.get(clientId);
    const { 'content-length': _, ...others } = headers;
    outgoing.writeHead(status, others);
    outgoing.end(told ? text.replace('"client_secret":null', `"client_secret":"${told}"`) : text);
  };
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const headersToPassOn = ({ authorization, 'content-type': type }: IncomingHttpHeaders) => [
  ...(authorization === undefined ? [] : [['authorization', authorization] as const]),
  ...(type === undefined ? [] : [['content-type', type] as const]),
];

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

  const targetAt = async (url: string) => ({
    url,
    document: await OpenApiDocument.of(url),
    schema: buildSchema(readFileSync('schema.graphql', 'utf8')),
    callers: await createCallers(url, registry.adminKey, issuer, CALLERS),
  });

  it('random requests to every interface get no 5xx, no reply against the schema, and no leak', async () => {
    const statistics = new Statistics();
    const fuzzer = new Fuzzer(await targetAt(registry.url), statistics);
    await fuzzer.run(REQUESTS, SEED);
    fuzzer.close();
    expect([...fuzzer.found.values()].map(told).join('\n\n')).toBe('');
    // Some requests succeed: a fuzzer whose requests are all rejected finds nothing
    expect(statistics.requests).toBeGreaterThanOrEqual(REQUESTS);
    expect(statistics.done).toBeGreaterThan(REQUESTS / 5);
    for (const [outcome, count] of Object.entries(LEAST)) {
      expect([outcome, (statistics.outcomes.get(outcome) ?? 0) >= count]).toEqual([outcome, true]);
    }
  });

  it('finds a secret that is returned again', async () => {
    const leaky = await leakSecretsOf(registry.url);
    const { port } = leaky.address() as AddressInfo;
    const fuzzer = new Fuzzer(await targetAt(`http://127.0.0.1:${port}`), new Statistics());
    await fuzzer.run(400, SEED);
    fuzzer.close();
    leaky.close();
    expect([...fuzzer.found.keys()]).toContain('GetOAuthClient: tells a secret again');
  });
});
