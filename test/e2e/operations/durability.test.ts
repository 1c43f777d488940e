import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callUntilItDies } from '../../support/callers.js';
import { createDatabase, onEachEngine } from '../../support/databases.js';
import { Program } from '../../support/process.js';
import { readStored } from '../../support/stored.js';

/** Each run of the tests adds as many, at other moments. */
const KILLS = 3;
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
          callUntilItDies(url, KEY, i % 2 === 0, ({ id, status }) => {
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
      const stored = await readStored(database.url);
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
