import type { IncomingMessage } from 'node:http';
import fastify from 'fastify';
import { addressesIn } from '../../../src/addresses/address.js';
import { forwardedAddress, type TrustedProxies } from '../../../src/addresses/forwarded-address.js';

const hops =
  (count: number): TrustedProxies =>
  (_address, hop) =>
    hop < count;
const PROXIES = addressesIn(['192.0.2.0/24']);

describe('The address that a request came from', () => {
  it.each<[string, TrustedProxies, string | undefined, string]>([
    ['without proxies, is the sender', addressesIn([]), '203.0.113.7', '192.0.2.1'],
    ['of a proxy that forwards none, is its own', PROXIES, undefined, '192.0.2.1'],
    ['of a proxy that forwards an empty one, is its own', PROXIES, ' ', '192.0.2.1'],
    ['is the forwarded one', PROXIES, '203.0.113.7', '203.0.113.7'],
    ['is the last of no proxy, not a forged one', PROXIES, '1.1.1.1, 203.0.113.7,192.0.2.2', '203.0.113.7'],
    ['is the first if all are proxies', PROXIES, '192.0.2.3, 192.0.2.2', '192.0.2.3'],
    ['behind one proxy, is the last', hops(1), '1.1.1.1, 203.0.113.7', '203.0.113.7'],
    ['behind two, is the last but one', hops(2), '1.1.1.1,  203.0.113.7 , 10.0.0.1', '203.0.113.7'],
    ['is beside empty elements', hops(2), '1.1.1.1,,203.0.113.7, ,10.0.0.1,', '203.0.113.7'],
    ['is the first if there are fewer than proxies', hops(9), ', 203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['is an IPv6 address in canonical form', hops(1), '2001:DB8::0:1', '2001:db8::1'],
  ])('%s', async (_, isTrusted, forwarded, address) => {
    const server = fastify({ trustProxy: isTrusted });
    let raw: IncomingMessage;
    let ip: string;
    server.get('/', (request) => {
      ({ raw, ip } = request);
      return '';
    });
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    await server.inject({ url: '/', remoteAddress: '192.0.2.1', headers });
    await server.close();
    expect(forwardedAddress(raw!, isTrusted)).toBe(address);
    // Fastify's own
    expect(ip!.toLowerCase().replace('::0:', '::')).toBe(address);
  });

  it('is that of the proxy if it forwards no address', () => {
    const request = { headers: { 'x-forwarded-for': 'unknown' }, socket: { remoteAddress: '192.0.2.1' } };
    expect(forwardedAddress(request as unknown as IncomingMessage, hops(1))).toBe('192.0.2.1');
  });

  it.each([
    ['only commas', ','.repeat(15_000)],
    ['thousands of proxies', '192.0.2.1,'.repeat(1_500)],
  ])('is found after few checks in %s', (_, forwarded) => {
    let checks = 0;
    const isTrusted: TrustedProxies = (address) => ++checks > 0 && PROXIES(address);
    const request = { headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress: '192.0.2.1' } };
    expect(forwardedAddress(request as unknown as IncomingMessage, isTrusted)).toBe('192.0.2.1');
    expect(checks).toBeLessThanOrEqual(20);
  });
});
