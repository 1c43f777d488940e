import { ClientAuthenticationCountsService } from '../../../src/clients/authentication/client-authentication-counts.service.js';
import { RegistrationCountsService } from '../../../src/clients/registration/registration-counts.service.js';
import { Retention } from '../../../src/jobs/retention.js';
import * as Operation from '../../operator/operations.js';
import { onEachEngine } from '../../support/databases.js';
import { Operator, UNKNOWN_ID } from '../../support/graphql/operator.js';
import { aClient, Registry } from '../../support/registry.js';

const MS_PER_DAY = 86_400_000;
const day = (daysAgo = 0) => new Date(Date.now() - daysAgo * MS_PER_DAY).toISOString().slice(0, 10);

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  const run = <T, V extends object>(
    document: Operation.TypedDocumentString<T, V>,
    variables: V,
    of = registry,
  ): Promise<T> => new Operator(of).do(document, variables);
  const refused = <T, V extends object>(document: Operation.TypedDocumentString<T, V>, variables: V) =>
    new Operator(registry).refused(document, variables);

  describe('registrationsPerDay', () => {
    const flush = (of: Registry) => of.app.get(RegistrationCountsService, { strict: false }).flush();
    const today = async (of: Registry) => {
      await flush(of);
      const { registrationsPerDay } = await run(Operation.RegistrationsPerDayDocument, { days: 1 }, of);
      return registrationsPerDay;
    };

    it('counts every attempt to register by its result', async () => {
      const own = await Registry.start(engine, {
        REGISTRATION_REUSE: 'true',
        RATE_LIMIT_REGISTER: '9/1m',
      });
      const shared = { token_endpoint_auth_method: 'none', redirect_uris: ['https://a.example/cb'] };
      await own.register({});
      await own.register(shared);
      await own.register(shared);
      await own.register({ redirect_uris: ['javascript:x'] });
      await own.register({ client_name: 1 });
      await own.register('{');
      await own.register({}, 'wrong');
      await own.send('/v2/oauth/register', { body: 'x', headers: { 'content-type': 'text/plain' } });
      // Stores nothing, and is counted only where it is rejected
      await own.send('/v2/oauth/register?dry_run=true', { body: {} });
      await own.register({});
      // No attempts to register
      await own.send('/v2/oauth/register', { method: 'GET' });
      await own.createClient({});
      await own.send('/v2/oauth/register/some-id', { method: 'PUT', body: {} });
      const counted = await today(own);
      await own.stop();
      expect(counted).toEqual([
        {
          date: day(),
          results: [
            { result: 'created', count: 2 },
            { result: 'invalid_client_metadata', count: 1 },
            { result: 'invalid_redirect_uri', count: 1 },
            { result: 'invalid_request', count: 1 },
            { result: 'invalid_token', count: 1 },
            { result: 'rate_limited', count: 1 },
            { result: 'reused', count: 1 },
            { result: 'unsupported_media_type', count: 1 },
          ],
        },
      ]);
    });

    it('is a list of days without a gap, the oldest first, 30 unless asked otherwise', async () => {
      await registry.dataSource.query(
        `INSERT INTO registration_counts VALUES ('${day(2)}', 'created', 5), ('${day(2)}', 'reused', 7), ('${day(40)}', 'created', 1)`,
      );
      const { registrationsPerDay: days } = await run(Operation.RegistrationsPerDayDocument, {});
      expect(days.map(({ date }) => date)).toEqual(Array.from({ length: 30 }, (_, i) => day(29 - i)));
      expect(days[27]!.results).toEqual([
        { result: 'created', count: 5 },
        { result: 'reused', count: 7 },
      ]);
      expect(days[26]!.results).toEqual([]);
      const { registrationsPerDay: more } = await run(Operation.RegistrationsPerDayDocument, { days: 41 });
      expect(more[0]).toEqual({ date: day(40), results: [{ result: 'created', count: 1 }] });
    });

    it.each([0, 401])('%d days are rejected', async (days) => {
      expect(await refused(Operation.RegistrationsPerDayDocument, { days })).toEqual({
        code: 'BAD_USER_INPUT',
        fields: ['days'],
      });
    });

    it('adds concurrent and later counts', async () => {
      const own = await Registry.start(engine);
      const counts = own.app.get(RegistrationCountsService, { strict: false });
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 100; i++) counts.count(i % 2 ? 'created' : 'rate_limited');
        await Promise.all([counts.flush(), counts.flush()]);
      }
      const counted = await today(own);
      await own.stop();
      expect(counted[0]!.results).toEqual([
        { result: 'created', count: 150 },
        { result: 'rate_limited', count: 150 },
      ]);
    });

    it('writes down what was counted while it wrote', async () => {
      const own = await Registry.start(engine);
      const counts = own.app.get(RegistrationCountsService, { strict: false });
      counts.count('created');
      const first = counts.flush();
      counts.count('created');
      await Promise.all([first, counts.flush()]);
      const { registrationsPerDay } = await run(Operation.RegistrationsPerDayDocument, { days: 1 }, own);
      await own.stop();
      expect(registrationsPerDay[0]!.results).toEqual([{ result: 'created', count: 2 }]);
    });

    it('loses nothing that could not be written at once', async () => {
      const own = await Registry.start(engine);
      await own.register({});
      await own.dataSource.query('ALTER TABLE registration_counts RENAME TO away');
      await flush(own);
      await own.register({});
      await own.dataSource.query('ALTER TABLE away RENAME TO registration_counts');
      const counted = await today(own);
      await own.stop();
      expect(counted[0]!.results).toEqual([{ result: 'created', count: 2 }]);
    });

    it('is deleted after 400 days', async () => {
      const own = await Registry.start(engine);
      await own.dataSource.query(
        `INSERT INTO registration_counts VALUES ('${day(402)}', 'created', 1), ('${day(399)}', 'created', 1)`,
      );
      await own.app.get(Retention, { strict: false }).run();
      const rows = await own.dataSource.query('SELECT day FROM registration_counts');
      await own.stop();
      expect(rows).toEqual([{ day: day(399) }]);
    });

    if (engine === 'postgres') {
      it('is the sum of all instances of one database, stored at the latest when each stops', async () => {
        const one = await Registry.start('postgres');
        const others = [
          await Registry.start('postgres', {}, {}, () => one.databaseUrl),
          await Registry.start('postgres', {}, {}, () => one.databaseUrl),
        ];
        for (const each of [one, ...others]) {
          await each.register({});
          await each.register('{');
        }
        await Promise.all(others.map((each) => each.stop()));
        const counted = await today(one);
        await one.stop();
        expect(counted[0]!.results).toEqual([
          { result: 'created', count: 3 },
          { result: 'invalid_request', count: 3 },
        ]);
      });
    }
  });

  describe('clientAuthentications', () => {
    const today = async (of: Registry) => {
      await of.app.get(ClientAuthenticationCountsService, { strict: false }).flush();
      const document = Operation.ClientAuthenticationsDocument;
      return (await run(document, { days: 1 }, of)).clientAuthentications;
    };
    const authenticate = async (of: Registry, body: object) => {
      const { apiKey } = await of.createKey({ role: 'service' });
      return (await of.send('/v2/oauth/clients/authenticate', { key: apiKey, body })).status;
    };

    it('counts every attempt to authenticate by its result, and nothing else', async () => {
      const own = await Registry.start(engine);
      const { client_id, client_secret } = (await own.createClient(aClient())).body.data;
      const statuses = [
        await authenticate(own, { client_id, client_secret }),
        await authenticate(own, { client_id, client_secret }),
        await authenticate(own, { client_id, client_secret: 'wrong' }),
        await authenticate(own, { client_id }),
        await authenticate(own, { client_id: UNKNOWN_ID, client_secret }),
        await authenticate(own, {}),
        (await own.send('/v2/oauth/clients/authenticate', { body: { client_id, client_secret } })).status,
      ];
      const counted = await today(own);
      await own.stop();
      expect(statuses).toEqual([200, 200, 200, 200, 200, 422, 401]);
      expect(counted).toEqual([
        {
          date: day(),
          results: [
            { result: 'authenticated', count: 2 },
            { result: 'unknown_client', count: 1 },
            { result: 'wrong_method', count: 1 },
            { result: 'wrong_secret', count: 1 },
          ],
        },
      ]);
    });

    it('is a list of days without a gap, and deleted after 400 days', async () => {
      const own = await Registry.start(engine);
      await own.dataSource.query(
        `INSERT INTO client_authentication_counts VALUES ('${day(402)}', 'authenticated', 1), ('${day(399)}', 'authenticated', 3)`,
      );
      await own.app.get(Retention, { strict: false }).run();
      const rows = await own.dataSource.query('SELECT day FROM client_authentication_counts');
      const document = Operation.ClientAuthenticationsDocument;
      const { clientAuthentications: days } = await run(document, {}, own);
      const { clientAuthentications: more } = await run(document, { days: 400 }, own);
      await own.stop();
      expect(rows).toEqual([{ day: day(399) }]);
      expect(days).toEqual(Array.from({ length: 30 }, (_, i) => ({ date: day(29 - i), results: [] })));
      expect(more[0]).toEqual({ date: day(399), results: [{ result: 'authenticated', count: 3 }] });
    });

    it.each([0, 401])('%d days are rejected', async (days) => {
      expect(await refused(Operation.ClientAuthenticationsDocument, { days })).toEqual({
        code: 'BAD_USER_INPUT',
        fields: ['days'],
      });
    });

    if (engine === 'postgres') {
      it('is the sum of all instances of one database, stored at the latest when each stops', async () => {
        const one = await Registry.start('postgres');
        const other = await Registry.start('postgres', {}, {}, () => one.databaseUrl);
        for (const each of [one, other]) await authenticate(each, { client_id: UNKNOWN_ID });
        await other.stop();
        const counted = await today(one);
        await one.stop();
        expect(counted[0]!.results).toEqual([{ result: 'unknown_client', count: 2 }]);
      });
    }
  });
});
