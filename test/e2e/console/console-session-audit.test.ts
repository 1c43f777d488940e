import { codeOf, cookieOf, signedIn, signIn, signOut, VIEWER } from '../../support/console/sessions.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  const eventsBy = async (actorId: string) => {
    const query = `{ auditEvents(first: 50, filter: {actorId: "${actorId}"}) { nodes {
      action channel targetId clientId requestId address actor { type id } changes { field } } } }`;
    const { body } = await registry.send('/graphql', { body: { query }, key: registry.adminKey });
    return body.data.auditEvents.nodes as { action: string; requestId: string }[];
  };

  it('has one event per sign-in and sign-out', async () => {
    const { id, apiKey } = await registry.createKey({ role: 'admin' });
    const first = await signedIn(registry, apiKey);
    const second = cookieOf(await signIn(registry, apiKey, { cookie: first }));
    await Promise.all([signOut(registry, { cookie: second }), signOut(registry, { cookie: second })]);
    await signOut(registry, { cookie: second });
    await signOut(registry);
    const events = await eventsBy(id);
    expect(events.map(({ action }) => action).sort()).toEqual([
      'SESSION_ENDED',
      'SESSION_ENDED',
      'SESSION_STARTED',
      'SESSION_STARTED',
    ]);
    for (const event of events) {
      expect(event).toMatchObject({
        channel: 'CONSOLE',
        targetId: id,
        clientId: null,
        address: '127.0.0.1',
        actor: { type: 'API_KEY', id },
        changes: [],
      });
    }
  });

  it('has a member whom an operation of admins was denied, once an hour', async () => {
    const { id, apiKey } = await registry.createKey();
    for (let i = 0; i < 3; i++) {
      const answer = await registry.send('/graphql', { body: { query: VIEWER }, key: apiKey });
      expect(codeOf(answer)).toBe('403 FORBIDDEN');
    }
    expect(codeOf(await signIn(registry, apiKey))).toBe('403 insufficient_scope');
    const events = await eventsBy(id);
    expect(events).toEqual([
      {
        action: 'ACCESS_DENIED',
        channel: 'GRAPHQL',
        targetId: events[0]!.requestId,
        clientId: null,
        requestId: expect.stringMatching(/^[\da-f-]{36}$/),
        address: '127.0.0.1',
        actor: { type: 'API_KEY', id },
        changes: [],
      },
    ]);
  });

  it('has a sign-in attempt with a member key', async () => {
    const { id, apiKey } = await registry.createKey();
    await signIn(registry, apiKey);
    expect(await eventsBy(id)).toMatchObject([{ action: 'ACCESS_DENIED', channel: 'CONSOLE' }]);
  });

  it('has one wrong key an hour of each address, and never the key', async () => {
    const own = await Registry.start(engine, { TRUST_PROXY: '1' });
    const wrong = `ocr_${'B'.repeat(43)}00000000`;
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2']) {
      expect(codeOf(await signIn(own, wrong, { 'x-forwarded-for': address }))).toBe('401 invalid_token');
    }
    const rows = await own.dataSource.query<{ address: string }[]>(
      `SELECT * FROM audit_events WHERE action = 'access.denied' ORDER BY id`,
    );
    expect(rows).toMatchObject([
      { actor_type: 'anonymous', actor_id: null, channel: 'console', address: '192.0.2.1' },
      { actor_type: 'anonymous', actor_id: null, channel: 'console', address: '192.0.2.2' },
    ]);
    expect(JSON.stringify(rows)).not.toContain(wrong);
    await own.stop();
  });

  it('limits the events of anonymous callers, and keeps room for members', async () => {
    const own = await Registry.start(engine, { TRUST_PROXY: '1' });
    const strangers = Array.from({ length: 1_010 }, (_, i) => `198.18.${i >> 8}.${i & 255}`);
    for (let i = 0; i < strangers.length; i += 10) {
      await Promise.all(
        strangers.slice(i, i + 10).map((address) => signIn(own, 'wrong', { 'x-forwarded-for': address })),
      );
    }
    await signIn(own, (await own.createKey()).apiKey);
    const rows = await own.dataSource.query<{ actor_type: string; n: string | number }[]>(
      `SELECT actor_type, COUNT(*) AS n FROM audit_events WHERE action = 'access.denied' GROUP BY actor_type ORDER BY actor_type`,
    );
    expect(rows.map(({ actor_type, n }) => [actor_type, Number(n)])).toEqual([
      ['anonymous', 1_000],
      ['api_key', 1],
    ]);
    await own.stop();
  });
});
