import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config/config.js';
import { openDatabase } from '../../src/database/open-database.js';
import { createDatabase, onEachEngine } from '../support/databases.js';
import { Program } from '../support/process.js';
import { aClient } from '../support/registry.js';

const KILLS = 20;
const CALLERS = 20;
/** How long after the first answer the process is killed at the latest; each time it is at another moment. */
const LOAD_MS = 250;
const KEY = 'a-bootstrap-key-of-more-than-32-characters';

onEachEngine((engine) => {
  it(`finds every client that was acknowledged before the process was killed under load, ${KILLS} times`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'registry-durability-'));
    const database = await createDatabase(engine);
    const acknowledged: string[] = [];
    const statuses = new Set<number>();
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const program = new Program('main.js', {
          cwd: directory,
          env: {
            PORT: '0',
            DATABASE_URL: database.url,
            BOOTSTRAP_API_KEY: KEY,
            RATE_LIMIT_REGISTER: 'off',
            LOG_LEVEL: 'silent',
          },
        });
        const url = await program.says(/Listening on (http:\/\/\S+)/);
        let answered = () => {};
        const firstAnswer = new Promise<void>((done) => (answered = done));
        const callers = Array.from({ length: CALLERS }, (_, i) =>
          callUntilItDies(url, i % 2 === 0, (id, status) => {
            statuses.add(status);
            acknowledged.push(id);
            answered();
          }),
        );
        await firstAnswer;
        await new Promise((done) => setTimeout(done, Math.random() * LOAD_MS));
        program.signal('SIGKILL');
        await Promise.all([...callers, program.ended]);
      }
      expect([...statuses]).toEqual([201]);
      const stored = await readAll(database.url);
      const isThere = new Set(stored.clients);
      expect(acknowledged.filter((id) => !isThere.has(id))).toEqual([]);
      // Nothing is there by halves: each client has the one secret and the one event that it was born with
      expect(stored.ofSecrets).toEqual(stored.clients);
      expect(stored.ofEvents).toEqual(stored.clients);
      expect(stored.counted).toBe(stored.owned);
    } finally {
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    }
  }, 240_000);
});

/** Creates clients, one after the other, until the connection breaks. */
async function callUntilItDies(
  url: string,
  isRegistration: boolean,
  acknowledge: (id: string, status: number) => void,
): Promise<void> {
  const [path, body] = isRegistration
    ? ['/v2/oauth/register', { client_name: 'n' }]
    : ['/v2/oauth/clients', aClient()];
  const headers = {
    'content-type': 'application/json',
    ...(!isRegistration && { authorization: `Bearer ${KEY}` }),
  };
  for (;;) {
    try {
      const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      const answer = (await response.json()) as { client_id: string; data: { client_id: string } };
      acknowledge(isRegistration ? answer.client_id : answer.data.client_id, response.status);
    } catch {
      return;
    }
  }
}

async function readAll(url: string) {
  const dataSource = await openDatabase(readConfig({ DATABASE_URL: url }).database);
  const column = async (sql: string) => (await dataSource.query<{ id: string }[]>(sql)).map(({ id }) => id);
  try {
    const [counts] = await dataSource.query<{ counted: string; owned: string }[]>(
      `SELECT (SELECT SUM(living) FROM oauth_client_counts) AS counted,
              (SELECT COUNT(*) FROM oauth_clients WHERE org_id IS NOT NULL) AS owned`,
    );
    return {
      clients: await column('SELECT id FROM oauth_clients ORDER BY id'),
      ofSecrets: await column('SELECT client_id AS id FROM oauth_client_secrets ORDER BY client_id'),
      ofEvents: await column(
        `SELECT client_id AS id FROM audit_events WHERE action = 'client.created' ORDER BY client_id`,
      ),
      counted: Number(counts!.counted),
      owned: Number(counts!.owned),
    };
  } finally {
    await dataSource.destroy();
  }
}
