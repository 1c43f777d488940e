import { type HttpLimits } from '../../../src/http/limits/limit-values.js';
import { aClient, type Registry } from '../../support/registry.js';
import { until } from '../../support/until.js';
import { lockClients } from '../../support/write-lock.js';
import { connectionsPerTest, GET, pause, POST } from '../../support/network/connections.js';

// On one engine: none of this gets as far as a database
describe('HTTP', () => {
  let registry: Registry;
  const { start: startRegistry, open, isWell } = connectionsPerTest();
  let begun: number;
  const start = async (limits: Partial<HttpLimits> = {}, env: Record<string, string> = {}) => {
    registry = await startRegistry(limits, env);
    begun = 0;
    registry.app.getHttpServer().on('request', () => begun++);
  };
  /** Waits until the service has begun that many requests, and then for their turn. */
  const haveBegun = async (count: number) => {
    await until(() => begun >= count);
    await pause(100);
  };

  describe('a flood of connections', () => {
    const MAX = 20;
    it('does not lock anyone out: the longest idle connection is closed', async () => {
      await start({ maxConnections: MAX });
      const good = await open();
      good.send(`${GET}\r\n`);
      await good.answered();
      const idle = [];
      for (let i = 0; i < 3 * MAX; i++) {
        idle.push(await open());
        // A caller that continues to send requests is not disconnected
        if (i % 10 === 0) {
          good.send(`${GET}\r\n`);
          await good.answered(2 + i / 10);
        }
      }
      await pause(50);
      expect(good.isOpen).toBe(true);
      expect(good.statuses).toEqual(Array.from({ length: 7 }, () => '200'));
      const isOpen = idle.map((connection) => connection.isOpen);
      expect(isOpen).toEqual(idle.map((_, i) => i >= 3 * MAX - (MAX - 1)));
      await isWell();
    });

    it('does not interrupt in-flight requests', async () => {
      await start({ maxConnections: MAX });
      const unlock = await lockClients(registry);
      const busy = await open();
      busy.send(`${POST}Content-Length: 2\r\n\r\n{}`);
      await haveBegun(1);
      for (let i = 0; i < 2 * MAX; i++) await open();
      await unlock();
      await busy.answered();
      expect(busy.statuses).toEqual(['201']);
    });

    it('counts a request whose body does not arrive as idle, the longest first', async () => {
      await start({ maxConnections: MAX });
      const halfSent = [];
      for (let i = 0; i < MAX; i++) {
        const connection = await open();
        connection.send(`${POST}Content-Length: 20\r\n\r\n{`);
        halfSent.push(connection);
      }
      await haveBegun(MAX);
      for (let i = 0; i < 3; i++) {
        const good = await open();
        good.send(`${POST}Content-Length: 2\r\n\r\n{}`);
        await good.answered();
        expect(good.statuses).toEqual(['201']);
      }
      await pause(50);
      expect(halfSent.map(({ isOpen }) => isOpen)).toEqual(halfSent.map((_, i) => i >= 3));
    });

    it('closes the longest idle connection of an address that has too many', async () => {
      await start({ maxConnectionsPerAddress: 5 });
      const connections = [];
      for (let i = 0; i < 8; i++) connections.push(await open());
      await pause(50);
      expect(connections.map(({ isOpen }) => isOpen)).toEqual(connections.map((_, i) => i >= 3));
      await isWell();
    });

    it.each(['1', '127.0.0.1'])(
      'is not limited per address for a proxy (TRUST_PROXY=%s)',
      async (trusted) => {
        await start({ maxConnectionsPerAddress: 5 }, { TRUST_PROXY: trusted });
        const connections = [];
        for (let i = 0; i < 8; i++) connections.push(await open());
        await pause(50);
        expect(connections.every(({ isOpen }) => isOpen)).toBe(true);
      },
    );

    it('reserves connections for health checks', async () => {
      await start({ maxConnections: 3, reservedConnections: 2, maxRequests: 3 });
      const unlock = await lockClients(registry);
      const busy = [];
      for (let i = 0; i < 3; i++) {
        const connection = await open();
        connection.send(`${POST}Content-Length: 2\r\n\r\n{}`);
        busy.push(connection);
      }
      await haveBegun(3);
      await isWell();
      await unlock();
      for (const connection of busy) await connection.answered();
      expect(busy.map(({ statuses }) => statuses)).toEqual([['201'], ['201'], ['201']]);
    });
  });

  describe('a flood of requests', () => {
    const LIMITS = { maxRequests: 4, reservedRequests: 2 };
    /** Registers from an address; `connectFrom`: by a proxy. */
    const register = async (address: string, connectFrom: string) => {
      const connection = await open(connectFrom);
      connection.send(`${POST}X-Forwarded-For: 192.0.2.9, ${address}\r\nContent-Length: 2\r\n\r\n{}`);
      return connection;
    };
    const statusesOf = (connections: { statuses: string[] }[]) =>
      connections.map(({ statuses }) => statuses.join());

    it.each<[string, Record<string, string>, (address: string) => string]>([
      ['directly', {}, (address) => address],
      ['through a proxy (TRUST_PROXY=1)', { TRUST_PROXY: '1' }, () => '127.0.0.1'],
      ['through a proxy (TRUST_PROXY=127.0.0.1)', { TRUST_PROXY: '127.0.0.1' }, () => '127.0.0.1'],
    ])('of one address is rejected alone, %s', async (_, env, connectFrom) => {
      await start(LIMITS, env);
      const from = (address: string) => register(address, connectFrom(address));
      const unlock = await lockClients(registry);
      const flood = [];
      for (let i = 0; i < 8; i++) flood.push(await from('127.0.0.3'));
      await haveBegun(8);
      const others = [await from('127.0.0.2'), await from('127.0.0.4')];
      await haveBegun(10);
      expect(statusesOf(others)).toEqual(['', '']);
      await unlock();
      for (const connection of [...flood, ...others]) await connection.answered();
      expect(statusesOf(others)).toEqual(['201', '201']);
      expect(statusesOf(flood).sort()).toEqual([...Array(4).fill('201'), ...Array(4).fill('503')]);
    });

    it('of one IPv6 site is rejected alone, from any of its networks', async () => {
      await start(LIMITS, { TRUST_PROXY: '1' });
      const unlock = await lockClients(registry);
      const flood = [];
      for (let i = 0; i < 8; i++) flood.push(await register(`2001:db8:1:${i}::1`, '127.0.0.1'));
      await haveBegun(8);
      const other = await register('2001:db8:2::1', '127.0.0.1');
      await haveBegun(9);
      await unlock();
      for (const connection of [...flood, other]) await connection.answered();
      expect(statusesOf([other])).toEqual(['201']);
      expect(statusesOf(flood).sort()).toEqual([...Array(4).fill('201'), ...Array(4).fill('503')]);
    });

    it('of any number of addresses leaves places to callers whose credentials were valid', async () => {
      await start(LIMITS, { TRUST_PROXY: '1' });
      const { apiKey } = await registry.createKey();
      const list = async (key: string) =>
        (await registry.send('/v2/oauth/clients', { method: 'GET', key })).status;
      expect([await list(apiKey), await list('wrong')]).toEqual([200, 401]);
      const unlock = await lockClients(registry);
      const flood = [];
      for (let i = 0; i < 8; i++) flood.push(await register(`192.0.2.${i}`, '127.0.0.1'));
      // Two were for the lists
      await haveBegun(10);
      expect([await list(apiKey), await list('wrong')]).toEqual([200, 503]);
      await unlock();
      for (const connection of flood) await connection.answered();
      expect(statusesOf(flood).sort()).toEqual([...Array(6).fill('201'), ...Array(2).fill('503')]);
    });

    it('of a proxy that forwards no addresses may take all places but the reserved ones', async () => {
      await start(LIMITS, { TRUST_PROXY: '127.0.0.1' });
      const unlock = await lockClients(registry);
      const all = [];
      for (let i = 0; i < 5; i++) {
        const connection = await open();
        connection.send(`${POST}Content-Length: 2\r\n\r\n{}`);
        await haveBegun(i + 1);
        all.push(connection);
      }
      await unlock();
      for (const connection of all) await connection.answered();
      expect(statusesOf(all)).toEqual(['201', '201', '201', '201', '503']);
    });
  });

  describe('unread replies', () => {
    const CLIENTS = 24;
    let list: string;
    let made: () => number;
    const startWithClients = async (limits: Partial<HttpLimits> = {}, env: Record<string, string> = {}) => {
      await start(limits, env);
      const { apiKey } = await registry.createKey({ orgId: 'large' });
      const uris = Array.from({ length: 30 }, (_, i) => `https://example.com/${i}/${'x'.repeat(1_900)}`);
      for (let i = 0; i < CLIENTS; i++) {
        await registry.createClient(
          aClient({ allowed_grant_types: ['authorization_code'], redirect_uris: uris }),
          apiKey,
        );
      }
      const queries = jest.spyOn(registry.dataSource.logger, 'logQuery');
      made = () =>
        queries.mock.calls.filter(([sql]) => /redirect_uris.*FROM "?oauth_clients/s.test(sql)).length;
      list =
        `GET /v2/oauth/clients?page%5Bsize%5D=${CLIENTS} HTTP/1.1\r\nHost: x\r\n` +
        `Authorization: Bearer ${apiKey}\r\n`;
    };

    it('delay the next request on their connection', async () => {
      await startWithClients();
      const connection = await open();
      connection.read(false);
      connection.send(`${list}\r\n`.repeat(15));
      let early: number;
      do {
        early = made();
        await pause(1_000);
      } while (early === 0 || made() > early);
      // What the system takes is not a reply that waits here
      expect(early).toBeLessThan(10);
      connection.read(true);
      while (connection.isOpen && connection.statuses.length < 15) await pause(10);
      expect(connection.statuses).toEqual(Array.from({ length: 15 }, () => '200'));
      expect(made()).toBe(15);
    });

    it.each<[string, Partial<HttpLimits>]>([
      ['on one connection', { maxHeldRequests: 4 }],
      ['on all connections', { maxHeldRequestsTogether: 4 }],
    ])('close a connection if more requests wait than may %s, and parse no more of it', async (_, limits) => {
      await start(limits);
      let parsed = 0;
      registry.app.getHttpServer().on('request', () => parsed++);
      for (const header of ['', 'Expect: a-miracle\r\n', 'Expect: 100-continue\r\n']) {
        const connection = await open();
        parsed = 0;
        connection.send(`${GET}${header}\r\n`.repeat(1_000));
        await connection.closed;
        expect(parsed).toBe(6);
        expect(connection.statuses.length).toBeLessThan(6);
      }
      await isWell();
    });

    it('do not count once their connections are closed', async () => {
      await start({ maxHeldRequestsTogether: 8 });
      for (let i = 0; i < 5; i++) {
        const connection = await open();
        connection.send(`${GET}\r\n`.repeat(8));
        connection.end();
        await connection.closed;
        // The server has closed its side, too
        await isWell();
      }
      const connection = await open();
      connection.send(`${GET}\r\n`.repeat(8));
      await connection.answered(8);
      expect(connection.statuses).toHaveLength(8);
    });

    it('are evicted above the limit: the oldest of the caller with the most', async () => {
      await startWithClients({ maxUnsentBytes: 8 * 2 ** 20 }, { TRUST_PROXY: '1' });
      const from = async (address: string, requests: number) => {
        const connection = await open();
        connection.read(false);
        const before = made();
        connection.send(`${list}X-Forwarded-For: ${address}\r\n\r\n`.repeat(requests));
        // Until it takes no more
        let latest: number;
        do {
          latest = made();
          await pause(300);
        } while (connection.isOpen && (latest === before || made() > latest));
        return connection;
      };
      const slow = await from('192.0.2.1', 10);
      const flood = [];
      for (let i = 0; i < 8; i++) flood.push(await from('192.0.2.2', 10));
      await isWell();
      const isAnswered = [];
      for (const connection of [slow, ...flood]) {
        connection.read(true);
        while (connection.isOpen && connection.statuses.length < 10) await pause(10);
        isAnswered.push(connection.statuses.length === 10);
      }
      // Five of 1.4 MB each are within the bound
      expect(isAnswered).toEqual([true, ...flood.map((_, i) => i >= 4)]);
    });
  });
});
