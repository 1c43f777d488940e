import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { attack, type Attack } from './attack.js';
import { AS_ADMIN, CLIENT, JSON_BODY } from './requests.js';

const CLIENTS_PATH = '/v2/oauth/clients';
/** Secrets that end as soon as the next one is issued. */
const ISSUED = 6_000;
const CALLERS = 20;

/** The secrets of a client, and the credentials of a member of its organization. */
interface Target {
  path: string;
  headers: Record<string, string>;
}

async function send(url: string, headers: Record<string, string>, body?: object): Promise<string> {
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { ...headers, ...(body && JSON_BODY) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status === 429) {
    await setTimeout(1_000 * Number(response.headers.get('retry-after')));
    return send(url, headers, body);
  }
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  return text;
}

async function createClient(url: string): Promise<Target> {
  const input = '{ name: "member", orgId: "attacker", userId: "user", role: MEMBER }';
  const query = `mutation { createApiKey(input: ${input}) { value } }`;
  const key = /"value":"([^"]+)"/.exec(await send(`${url}/graphql`, AS_ADMIN, { query }))![1]!;
  const headers = { authorization: `Bearer ${key}` };
  const { data } = JSON.parse(await send(`${url}${CLIENTS_PATH}`, headers, CLIENT)) as {
    data: { client_id: string };
  };
  return { path: `${CLIENTS_PATH}/${data.client_id}/secrets`, headers };
}

const issue = (url: string, { path, headers }: Target) =>
  send(`${url}${path}`, headers, { expire_others_in: 0 });
const read = (url: string, { path, headers }: Target) => send(`${url}${path}`, headers);

/** Has some callers do the same again and again at once, `count` times in all. */
async function repeat(work: () => Promise<unknown>, count = Infinity): Promise<void> {
  let begun = 0;
  const one = async () => {
    while (begun++ < count) await work();
  };
  await Promise.all(Array.from({ length: CALLERS }, one));
}

async function createWithSecrets(url: string): Promise<Target> {
  const target = await createClient(url);
  await repeat(() => issue(url, target), ISSUED);
  return target;
}

const repeating =
  (work: typeof read): Attack<Target>['run'] =>
  ({ port }, target) =>
    void repeat(() => work(`http://127.0.0.1:${port}`, target).catch(() => undefined));

/** `npm run attack:secrets`: a member that accumulates expired secrets, and reads them repeatedly. */
await attack<Target>(fileURLToPath(import.meta.url), {
  'secrets are issued': { prepare: createClient, run: repeating(issue) },
  '6,000 ended secrets are read': { prepare: createWithSecrets, run: repeating(read) },
});
