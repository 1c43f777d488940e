import { Retention } from '../../../src/jobs/retention.js';
import { onEachEngine } from '../../support/databases.js';
import { type Answer, type Registry } from '../../support/registry.js';
import { anonymousClients, HOUR_MS } from '../../support/anonymous-clients.js';

onEachEngine((engine) => {
  let registry: Registry;
  const { start: startFirst, stopAll, idsOf, graphql, recordUse, refusalOf } = anonymousClients(engine);
  const start = async (env: Record<string, string> = {}) => void (registry = await startFirst(env));

  describe('a client that deletes its own registration', () => {
    afterEach(stopAll);

    it('removes an unused client at once, and keeps a used one until it is purged', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '5' });
      const end = async ({ body }: Answer) => {
        const path = `/v2/oauth/register/${body.client_id as string}`;
        const key = body.registration_access_token as string;
        expect((await registry.send(path, { method: 'DELETE', key })).status).toBe(204);
        return body.client_id as string;
      };
      for (let i = 0; i < 3; i++) await end(await registry.register({}));
      expect(await idsOf()).toEqual([]);
      expect(await registry.rows('oauth_client_secrets')).toBe(0);
      const events = await registry.dataSource.query(
        `SELECT 1 FROM audit_events WHERE channel = 'registration' AND action <> 'unused_client.deleted'`,
      );
      expect(events).toEqual([]);
      const used = await registry.register({});
      await recordUse(used.body.client_id as string);
      const id = await end(used);
      expect(await idsOf('WHERE deleted_at IS NOT NULL')).toEqual([id]);
    });

    const deletions = async () => {
      const { auditEvents } = await graphql(
        '{ auditEvents(first: 100, filter: { action: UNUSED_CLIENT_DELETED }) { nodes { clientId address channel actor { type } changes { field before after removed } } } }',
      );
      return auditEvents.nodes as { clientId: string; changes: object[] }[];
    };
    const deleteItself = ({ body }: Answer, address: string) =>
      registry.send(`/v2/oauth/register/${body.client_id as string}`, {
        method: 'DELETE',
        key: body.registration_access_token as string,
        headers: { 'x-forwarded-for': address },
      });

    /** Registers as the first of the bodies, and replaces that by each of the others. */
    const becomeEachOf = async ([first, ...updates]: readonly object[]) => {
      let answer = await registry.register({ ...first });
      for (const update of updates) {
        const { client_id, registration_access_token } = answer.body;
        answer = await registry.send(`/v2/oauth/register/${client_id as string}`, {
          method: 'PUT',
          key: registration_access_token as string,
          body: { client_id, ...update },
        });
        expect(answer.status).toBe(200);
        answer.body.registration_access_token ??= registration_access_token;
      }
      return answer;
    };

    const EVIL = { client_name: 'Evil Bank', redirect_uris: ['https://evil.example/cb'] };
    const longDecoy = (i: number) => ({
      client_name: `${i}${'あ'.repeat(250)}`,
      redirect_uris: Array.from(
        { length: 50 },
        (_, k) => `https://${`${'a'.repeat(60)}.`.repeat(3)}${i}-${k}.example/`,
      ),
    });
    const shortDecoy = (i: number) => ({ client_name: `Decoy ${i}` });

    it.each<[string, object[]]>([
      ['behind and before long ones', [longDecoy(1), EVIL, longDecoy(2), longDecoy(3)]],
      [
        'behind a hundred others',
        [...Array.from({ length: 101 }, (_, i) => shortDecoy(i)), EVIL, shortDecoy(101)],
      ],
    ])('keeps all events if its past does not fit into one event: %s', async (_, bodies) => {
      await start({ REGISTRATION_MAX_UNUSED: '5', TRUST_PROXY: '1' });
      const last = await becomeEachOf(bodies);
      expect((await deleteItself(last, '203.0.113.9')).status).toBe(204);
      expect(await idsOf('WHERE deleted_at IS NOT NULL')).toEqual([last.body.client_id]);
      expect(await deletions()).toEqual([]);
      const events = await registry.dataSource.query<{ action: string }[]>(
        'SELECT action, changes FROM audit_events WHERE client_id IS NOT NULL ORDER BY id',
      );
      expect(events.at(-1)!.action).toBe('client.deleted');
      const trail = JSON.stringify(events);
      expect([EVIL.client_name, 'evil.example'].filter((each) => !trail.includes(each))).toEqual([]);
    });

    it('keeps all that one version can have in the event', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '5', TRUST_PROXY: '1' });
      const label = 'a'.repeat(60);
      const hosts = Array.from({ length: 50 }, (_, k) => `${`${label}.`.repeat(3)}${label.slice(k)}.example`);
      const last = await becomeEachOf([
        {
          client_name: '😀'.repeat(255),
          ...Object.fromEntries(
            Array.from({ length: 100 }, (_, i) => [`client_name#x-${i}`, `${i}${'あ'.repeat(100)}`]),
          ),
          redirect_uris: [
            ...hosts.slice(1).map((host) => `https://${host}:65535/`),
            `${'a'.repeat(1_000)}:/cb`,
          ],
        },
      ]);
      expect((await deleteItself(last, '203.0.113.9')).status).toBe(204);
      const [event] = await deletions();
      const [names, redirectHosts] = event!.changes as { removed: string[] }[];
      expect(names!.removed[0]).toBe('😀'.repeat(255));
      expect(redirectHosts!.removed).toHaveLength(50);
      // Of the names that are too long for the event of the registration, the beginnings
      const beginnings = names!.removed.map((each) => /^\d+(?=あ)/.exec(each)?.[0] ?? '').filter(Boolean);
      expect(new Set(beginnings).size).toBe(100);
    });

    it('keeps names in the event that were only a hash in the events before', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '5', TRUST_PROXY: '1' });
      const evil = `Evil Bank ${'x'.repeat(200)}`;
      const decoys = Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [`client_name#x-${i}`, `${i}`.padEnd(150, 'decoy ')]),
      );
      const last = await becomeEachOf([{ client_name: 'x', ...decoys, 'client_name#en': evil }]);
      expect((await deleteItself(last, '203.0.113.9')).status).toBe(204);
      const [event] = await deletions();
      expect((event!.changes as { removed: unknown[] }[])[0]!.removed).toEqual(
        expect.arrayContaining([
          'x',
          evil,
          ...Object.values(decoys),
          {
            sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
            bytes: expect.any(Number),
            entries: expect.any(Number),
          },
        ]),
      );
    });

    it.each<[string, Record<string, unknown>[], { names: string[]; redirectHosts: string[] }]>([
      [
        'a redirect URI of more than 256 bytes',
        [
          { client_name: 'x', redirect_uris: [`https://evil.example/cb?${'a'.repeat(300)}`] },
          { client_name: 'x', redirect_uris: ['https://good.example/cb'] },
        ],
        { names: ['x'], redirectHosts: ['evil.example', 'good.example'] },
      ],
      [
        'a name in another language among many, taken back',
        [
          {
            client_name: 'x',
            'client_name#en': 'Evil Bank',
            ...Object.fromEntries(['de', 'fr', 'it'].map((tag) => [`client_name#${tag}`, tag.repeat(60)])),
            redirect_uris: ['https://evil.example/cb'],
          },
          { client_name: 'x', redirect_uris: ['https://evil.example/cb'] },
        ],
        {
          names: ['x', 'Evil Bank', 'de'.repeat(60), 'fr'.repeat(60), 'it'.repeat(60)],
          redirectHosts: ['evil.example'],
        },
      ],
      [
        'long names after a short one, in many bytes',
        ['Evil Bank', ...['あ', 'い', 'う'].map((letter) => letter.repeat(250))].map((client_name) => ({
          client_name,
          redirect_uris: ['https://evil.example/cb'],
        })),
        {
          names: ['Evil Bank', ...['あ', 'い', 'う'].map((letter) => letter.repeat(250))],
          redirectHosts: ['evil.example'],
        },
      ],
      [
        'one host, then six long ones',
        [
          { client_name: 'x', redirect_uris: ['https://evil.example/cb'] },
          {
            client_name: 'x',
            redirect_uris: Array.from(
              { length: 6 },
              (_, i) => `https://${`${'a'.repeat(60)}.`.repeat(3)}${i}.example/`,
            ),
          },
        ],
        {
          names: ['x'],
          redirectHosts: [
            'evil.example',
            ...Array.from({ length: 6 }, (_, i) => `${`${'a'.repeat(60)}.`.repeat(3)}${i}.example`),
          ],
        },
      ],
    ])('keeps its names and redirect hosts in the event: %s', async (_, bodies, kept) => {
      await start({ REGISTRATION_MAX_UNUSED: '5', TRUST_PROXY: '1' });
      const answer = await becomeEachOf(bodies);
      expect((await deleteItself(answer, '203.0.113.9')).status).toBe(204);
      const [event] = await deletions();
      const removed = (event!.changes as { field: string; removed: string[] }[]).map(({ field, removed }) => [
        field,
        removed.toSorted(),
      ]);
      expect(Object.fromEntries(removed)).toEqual({
        names: kept.names.toSorted(),
        redirectHosts: kept.redirectHosts.toSorted(),
      });
    });

    it('keeps one event: all its names, its redirect hosts, and the address', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '5', TRUST_PROXY: '1' });
      const registered = await registry.register({
        client_name: 'Your bank',
        redirect_uris: ['https://evil.example/cb', 'https://evil.example/cb2'],
      });
      const id = registered.body.client_id as string;
      const replaced = await registry.send(`/v2/oauth/register/${id}`, {
        method: 'PUT',
        key: registered.body.registration_access_token as string,
        body: {
          client_id: id,
          client_name: 'Nothing to see',
          redirect_uris: [
            'com.example.app:/cb',
            ...Array.from({ length: 40 }, (_, i) => `https://h${i}.example/`),
          ],
        },
      });
      expect(replaced.status).toBe(200);
      expect((await deleteItself(replaced, '203.0.113.9')).status).toBe(204);
      const [event, ...others] = await deletions();
      expect(others).toEqual([]);
      expect(event).toMatchObject({
        clientId: id,
        address: '203.0.113.9',
        channel: 'REGISTRATION',
        actor: { type: 'REGISTRATION_TOKEN' },
      });
      expect(event!.changes).toEqual([
        { field: 'names', before: null, after: null, removed: ['Your bank', 'Nothing to see'] },
        {
          field: 'redirectHosts',
          before: null,
          after: null,
          removed: expect.arrayContaining(['com.example.app:', 'evil.example', 'h0.example']),
        },
      ]);
      const rows = await registry.dataSource.query(`SELECT 1 FROM audit_events WHERE client_id = '${id}'`);
      expect(rows).toHaveLength(1);
    });

    it('is limited per address and hour, so that its events do not fill the disk', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '100', TRUST_PROXY: '1' });
      const statuses: number[] = [];
      let last: Answer | undefined;
      let registered = await registry.register({});
      for (let i = 0; i < 62 && (last?.status ?? 204) === 204; i++) {
        registered = await registry.register({});
        last = await deleteItself(registered, '203.0.113.9');
        statuses.push(last.status);
      }
      expect(statuses).toEqual([...Array<number>(60).fill(204), 429]);
      expect(refusalOf(last!)).toMatchObject({ status: 429, error: 'rate_limited' });
      expect(refusalOf(last!).retryAfter).toBeGreaterThan(3_500);
      // It is there as before, and others go on
      expect(await idsOf()).toContain(registered.body.client_id);
      expect((await deleteItself(registered, '203.0.113.10')).status).toBe(204);
      expect(await registry.rows('audit_events')).toBeLessThan(70);
    });

    it('is limited for all together, and stays possible for others in a flood; no event is removed', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '100', TRUST_PROXY: '1' });
      const hex = (Date.now() - HOUR_MS / 2).toString(16).padStart(12, '0');
      let events = 0;
      const leaveFrom = async (addresses: string[]) => {
        const rows = addresses.map((address) => {
          const id = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(events++).padStart(12, '0')}`;
          return `('${id}', 'registration_token', '${id}', 'registration', 'unused_client.deleted', '${id}', '${id}', '${address}', NULL, '[]')`;
        });
        await registry.dataSource.query(
          `INSERT INTO audit_events (id, actor_type, actor_id, channel, action, client_id, target_id, address, request_id, changes) VALUES ${rows.join()}`,
        );
      };
      const left = () =>
        registry.dataSource
          .query<unknown[]>(`SELECT 1 FROM audit_events WHERE action = 'unused_client.deleted'`)
          .then(({ length }) => length);
      const deleteFrom = async (address: string) => {
        const { status, text } = await deleteItself(await registry.register({}), address);
        return status === 204 ? 'deleted' : `${status} ${(JSON.parse(text) as { error: string }).error}`;
      };
      const refused = '429 rate_limited';

      // Of one site, each network has left fewer than a caller may
      await leaveFrom(Array.from({ length: 499 }, (_, i) => `2001:db8:1:${i % 16}::${i}`));
      expect(await deleteFrom('2001:db8:1::1')).toBe('deleted');
      expect(await deleteFrom('2001:db8:1:ffff::1')).toBe(refused);
      for (const address of ['203.0.113.9', '203.0.113.10']) {
        expect(await deleteFrom(address)).toBe('deleted');
        expect(await deleteFrom(address)).toBe(refused);
      }
      await leaveFrom(Array.from({ length: 498 }, (_, i) => `10.0.${i >> 8}.${i & 255}`));
      expect(await deleteFrom('203.0.113.11')).toBe(refused);
      expect(await left()).toBe(1_000);
    });

    it('leaves an event that is purged after 30 days if AUDIT_RETENTION is off', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '5' });
      const ids = [];
      for (let i = 0; i < 2; i++) {
        const registered = await registry.register({});
        await deleteItself(registered, '');
        ids.push(registered.body.client_id as string);
      }
      const hex = (Date.now() - 31 * 24 * HOUR_MS).toString(16).padStart(12, '0');
      await registry.dataSource.query(
        `UPDATE audit_events SET id = '${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000' WHERE client_id = '${ids[0]}'`,
      );
      await registry.app.get(Retention, { strict: false }).run();
      expect((await deletions()).map(({ clientId }) => clientId)).toEqual([ids[1]]);
    });
  });
});
