import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { AS_ADMIN, CLIENT, JSON_BODY, REGISTRATION } from './requests.js';

/** What callers saw. */
export interface Experience {
  /** Requests that were answered as they should be. */
  answered: number;
  /** Clients whose creation was acknowledged. */
  acknowledged: string[];
  /** Everything else, in words. */
  failures: string[];
}

/** A failure is not repeated as fast as the machine can. */
const PAUSE_AFTER_FAILURE_MS = 100;

interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
  expectedStatus: number;
}

const CREATE = '/v2/oauth/clients';
const AS_ADMIN_WITH_BODY = { ...AS_ADMIN, ...JSON_BODY };

const register: Call = {
  method: 'POST',
  path: '/v2/oauth/register',
  headers: JSON_BODY,
  body: JSON.stringify(REGISTRATION),
  expectedStatus: 201,
};
const create: Call = {
  method: 'POST',
  path: CREATE,
  headers: AS_ADMIN_WITH_BODY,
  body: JSON.stringify(CLIENT),
  expectedStatus: 201,
};
const get = (id: string): Call => ({
  method: 'GET',
  path: `${CREATE}/${id}`,
  headers: AS_ADMIN,
  expectedStatus: 200,
});
const graphql = (id: string): Call => ({
  method: 'POST',
  path: '/graphql',
  headers: AS_ADMIN_WITH_BODY,
  body: JSON.stringify({ query: `{ oauthClient(clientId: "${id}") { clientId name } }` }),
  expectedStatus: 200,
});

/** Callers as they are in the field: each sends the next request once it has its answer, on connections that are kept. */
async function callUntil(end: AbortSignal, url: string, count: number): Promise<Experience> {
  const experience: Experience = { answered: 0, acknowledged: [], failures: [] };

  /** @returns the body of the reply; null if it is not as it should be */
  async function send({ method, path, headers, body, expectedStatus }: Call): Promise<string | null> {
    const failed = async (reason: string) => {
      experience.failures.push(`${new Date().toISOString()} ${method} ${path}: ${reason}`);
      await setTimeout(PAUSE_AFTER_FAILURE_MS);
      return null;
    };
    try {
      const response = await fetch(url + path, { method, headers, body });
      const reply = await response.text();
      if (response.status !== expectedStatus || reply.includes('"errors"')) {
        return await failed(`${response.status} ${reply.slice(0, 200)}`);
      }
      experience.answered++;
      return reply;
    } catch (error) {
      return failed(String((error as Error).cause ?? error));
    }
  }

  async function acknowledge(call: Call): Promise<string | undefined> {
    const id = /"client_id":"([^"]+)"/.exec((await send(call)) ?? '')?.[1];
    if (id !== undefined) experience.acknowledged.push(id);
    return id;
  }

  const call = async () => {
    while (!end.aborted) {
      await acknowledge(register);
      const id = await acknowledge(create);
      if (id === undefined) continue;
      await send(get(id));
      await send(graphql(id));
    }
  };
  await Promise.all(Array.from({ length: count }, call));
  return experience;
}

/** Calls until standard input ends, and writes the Experience to standard output; a process of its own, as callers are. */
const [url, count] = process.argv.slice(2);
const end = new AbortController();
void text(process.stdin).then(() => end.abort());
process.stdout.write(JSON.stringify(await callUntil(end.signal, url!, Number(count))));
