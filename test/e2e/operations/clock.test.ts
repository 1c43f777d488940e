import { mock } from 'node:test';
import { Retention } from '../../../src/jobs/retention.js';
import { PurgeClock } from '../../../src/database/clock/purge-clock.js';
import { newId } from '../../../src/database/id.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Page {
  nodes: Record<string, string>[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Sets the clock of the machine, as far as this process sees it; what measures durations goes on as before. */
function setClock(at: Date): void {
  mock.timers.reset();
  mock.timers.enable({ apis: ['Date'], now: at });
}

afterEach(() => void mock.timers.reset());

it('ids are unique and contain the time of the clock, however it is set', () => {
  const now = Date.now();
  const ids: string[] = [];
  for (const [step, at] of [now, now + DAY_MS, now - HOUR_MS, now - HOUR_MS + 1, now - HOUR_MS].entries()) {
    setClock(new Date(at));
    const made = Array.from({ length: 1_000 }, () => newId());
    // They sort as they were made
    expect([...made].sort()).toEqual(made);
    const told = parseInt(made[0]!.replace('-', '').slice(0, 12), 16);
    // A step back of a millisecond is not followed
    expect(told).toBe(step === 4 ? at + 1 : at);
    ids.push(...made);
  }
  expect(new Set(ids).size).toBe(ids.length);
});

onEachEngine((engine) => {
  let registry: Registry;
  beforeEach(async () => {
    registry = await Registry.start(engine);
  });
  afterEach(() => registry.stop());

  const create = async () => (await registry.createClient(aClient())).body.data.client_id as string;

  /** Every page of a connection, one node at a time. */
  async function pagesOf(field: string, node: string): Promise<string[]> {
    const found: string[] = [];
    for (let after: string | null = null, hasNextPage = true; hasNextPage;) {
      const { body } = await registry.graphql(
        `query ($after: String) { page: ${field}(first: 1, after: $after) { nodes { ${node} } pageInfo { hasNextPage endCursor } } }`,
        { after },
      );
      const { nodes, pageInfo } = body.data.page as Page;
      found.push(...nodes.map((each) => each[node]!));
      ({ hasNextPage, endCursor: after } = pageInfo);
    }
    return found;
  }

  it('while the clock goes forward a day and back an hour, callers are served, and pages list each client and event once', async () => {
    const now = Date.now();
    const clients = [await create()];
    for (const at of [now + DAY_MS, now - HOUR_MS, now]) {
      setClock(new Date(at));
      clients.push(await create(), (await registry.register({})).body.client_id);
    }
    expect((await registry.send('/health/ready', { method: 'GET' })).status).toBe(200);

    expect((await pagesOf('oauthClients', 'clientId')).sort()).toEqual([...clients].sort());
    expect((await pagesOf('auditEvents', 'clientId')).filter(Boolean).sort()).toEqual([...clients].sort());
    // What happened after the clock was set back is not dated with the day that never was
    const { body } = await registry.graphql(
      'query ($id: ID!) { auditEvents(filter: { clientId: $id }) { nodes { at } } }',
      { id: clients.at(-1) },
    );
    expect(Math.abs(Date.parse(body.data.auditEvents.nodes[0].at) - now)).toBeLessThan(HOUR_MS);
  });

  describe('rows that could be purged', () => {
    const RETENTION = { REGISTRATION_UNUSED_TTL: '30d', AUDIT_RETENTION: '30d' };
    const counted = async () => [await registry.rows('oauth_clients'), await registry.rows('audit_events')];
    const purge = ({ app }: Registry) => app.get(Retention, { strict: false }).run();

    /** A client that was deleted, one that is not used, and what the audit log says of both. */
    async function removable(): Promise<number[]> {
      await registry.register({});
      const id = await create();
      await registry.send(`/v2/oauth/clients/${id}`, { method: 'DELETE', key: registry.adminKey });
      return counted();
    }

    it('is not purged at a start, or during a run, with a clock that is 40 days ahead', async () => {
      const before = await removable();
      await purge(registry);
      setClock(new Date(Date.now() + 40 * DAY_MS));
      const started = await Registry.start(engine, RETENTION, {}, () => registry.databaseUrl);
      try {
        // Rows that are equally far ahead do not confirm it
        await started.register({});
        for (const each of [started, registry, started]) await purge(each);
        const [clients, events] = await counted();
        expect(clients).toBe(before[0]! + 1);
        expect(events).toBeGreaterThanOrEqual(before[1]! + 1);
      } finally {
        await started.stop();
      }
    });

    it.each([
      ['never purged, since it ended soon after the start', true],
      ['never recorded its clock, being of an older release', false],
    ])('is not purged if the service starts 40 days ahead, before %s', async (_, isRecorded) => {
      setClock(new Date(Date.now() - 40 * DAY_MS));
      const first = await Registry.start(engine);
      let started: Registry | undefined;
      try {
        await first.register({});
        const { body } = await first.createClient(aClient());
        const path = `/v2/oauth/clients/${body.data.client_id}`;
        await first.send(path, { method: 'DELETE', key: first.adminKey });
        mock.timers.reset();
        const [row] = await first.dataSource.query<{ n: string | number }[]>(
          'SELECT COUNT(*) AS n FROM purge_clock',
        );
        expect(Number(row!.n)).toBe(1);
        // That of PostgreSQL cannot be set
        const back = engine === 'postgres' ? 40 * DAY_MS : 0;
        await first.dataSource.query(
          isRecorded
            ? `UPDATE purge_clock SET purge_time = purge_time - ${back}, read_at = read_at - ${back}`
            : 'DELETE FROM purge_clock',
        );
        const { behindMs } = await first.app.get(PurgeClock, { strict: false }).read(DAY_MS);
        expect(behindMs).toBeGreaterThan(39 * DAY_MS);

        started = await Registry.start(engine, RETENTION, {}, () => first.databaseUrl);
        // Rows of its own are not a reason to trust it
        await started.register({});
        await purge(started);
        await purge(started);
        expect(await started.rows('oauth_clients')).toBe(3);
        const { time } = await started.app.get(PurgeClock, { strict: false }).read(DAY_MS);
        expect(Math.abs(time.getTime() - (Date.now() - 40 * DAY_MS))).toBeLessThan(HOUR_MS);
      } finally {
        await started?.stop();
        await first.stop();
      }
    });

    it('is not purged after a jump of the clock of the database, unless it was due before', async () => {
      const retained = await Registry.start(engine, RETENTION, {}, () => registry.databaseUrl);
      try {
        await purge(retained);
        const before = await removable();
        const back = 40 * DAY_MS;
        await registry.dataSource.query(
          `UPDATE purge_clock SET purge_time = purge_time - ${back}, read_at = read_at - ${back}`,
        );
        await registry.dataSource.query(
          `UPDATE oauth_clients SET created_at = created_at - ${back}, deleted_at = deleted_at - ${back}`,
        );
        await purge(retained);
        expect(await counted()).toEqual(before);
        await registry.dataSource.query(`UPDATE oauth_clients SET deleted_at = deleted_at - ${back}`);
        await purge(retained);
        expect((await counted())[0]).toBe(before[0]! - 1);
      } finally {
        await retained.stop();
      }
    });
  });
});
