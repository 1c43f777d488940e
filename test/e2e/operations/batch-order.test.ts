import pg from 'pg';
import { SYSTEM } from '../../../src/audit/audit-event.js';
import type { TokenEntity } from '../../../src/authorization/tokens/token.entity.js';
import { TokensRepository } from '../../../src/authorization/tokens/tokens.repository.js';
import { ClientLookupRepository } from '../../../src/clients/client/client-lookup.repository.js';
import { RegistrationsRepository } from '../../../src/clients/registration/registrations.repository.js';
import { newId } from '../../../src/database/id.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { aClient, Registry } from '../../support/registry.js';
import { until } from '../../support/until.js';

const HASHES = ['a', 'b', 'c'];

describe('Two instances on PostgreSQL with the same rows, in opposite order', () => {
  let first: Registry;
  let second: Registry;
  let other: pg.Client;
  beforeAll(async () => {
    first = await Registry.start('postgres');
    second = await Registry.start('postgres', {}, {}, () => first.databaseUrl);
    other = new pg.Client(first.databaseUrl);
    await other.connect();
  });
  afterAll(async () => {
    await other.end();
    await second.stop();
    await first.stop();
  });

  /** Runs both while another transaction locks the row in the middle, until both wait: one for the other, and that one for the lock. */
  async function meet<T>(lockMiddle: string, works: (() => Promise<T>)[]): Promise<T[]> {
    await other.query(`BEGIN; ${lockMiddle}`);
    const results = Promise.all(works.map((work) => work()));
    let isForLock: boolean[] = [];
    await until(async () => {
      const { rows } = await other.query<{ is_for_lock: boolean }>(
        `SELECT pg_backend_pid() = ANY(pg_blocking_pids(pid)) AS is_for_lock FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      isForLock = rows.map((row) => row.is_for_lock);
      return isForLock.length === works.length;
    });
    await other.query('ROLLBACK');
    expect(isForLock.sort()).toEqual([false, true]);
    return results;
  }

  it('use up tokens without waiting for each other', async () => {
    const [ours, theirs] = [first, second].map(({ app }) => app.get(TokensRepository, { strict: false }));
    const { body } = await first.createClient(aClient());
    const row = {
      kind: 'pushed',
      clientId: body.data.client_id as string,
      payload: {},
      createdAt: new Date(),
    };
    const expiresAt = new Date(Date.now() + 3_600_000);
    const insert = HASHES.map((hash) => ({ ...row, hash, expiresAt }) as TokenEntity);
    await ours!.commit({ insert });
    const useUp = (tokens: TokensRepository, hashes: string[]) => () =>
      Promise.all(hashes.map((consume) => tokens.commit({ consume, insert: [] })));
    const wins = await meet(`SELECT 1 FROM oauth_tokens WHERE hash = 'b' FOR UPDATE`, [
      useUp(ours!, HASHES),
      useUp(theirs!, HASHES.toReversed()),
    ]);
    expect(wins.map(String).sort()).toEqual(['false,false,false', 'true,true,true']);
  });

  it('store shared registrations without waiting for each other', async () => {
    const { body } = await first.createClient(aClient());
    const client = await first.app
      .get(ClientLookupRepository, { strict: false })
      .find({ id: body.data.client_id as string });
    const store = (registry: Registry, hashes: string[]) => () => {
      const repository = registry.app.get(RegistrationsRepository, { strict: false });
      const inserted = () =>
        Promise.all(
          hashes.map((hash) =>
            repository.insertShared({ client: { ...client!, id: newId() }, secret: null }, SYSTEM, hash),
          ),
        );
      return statementsOf(registry.dataSource, inserted);
    };
    const statements = await meet(`UPDATE oauth_clients SET metadata_hash = 'b' WHERE id = '${client!.id}'`, [
      store(first, HASHES),
      store(second, HASHES.toReversed()),
    ]);
    const { rows } = await other.query(
      `SELECT metadata_hash FROM oauth_clients WHERE metadata_hash IS NOT NULL ORDER BY 1`,
    );
    expect(rows.map(({ metadata_hash: hash }) => hash as string)).toEqual(HASHES);
    // One stores its batch; the other tries its own, then each alone
    expect(statements.map(({ length }) => length).sort()).toEqual([1, 4]);
  });
});
