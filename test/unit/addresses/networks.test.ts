import { countedFor } from '../../../src/addresses/networks.js';

it.each([
  ['an IPv4 address by itself', '192.0.2.1', ['192.0.2.1']],
  ['its neighbour apart', '192.0.2.2', ['192.0.2.2']],
  ['an IPv4-mapped address as IPv4', '::ffff:192.0.2.1', ['192.0.2.1']],
  ['an IPv4-mapped address in hexadecimal as IPv4', '::FFFF:c000:201', ['192.0.2.1']],
  [
    'an IPv6 address by its networks of 64 and 48 bits',
    '2001:db8:0:1:2:3:4:5',
    ['2001:db8:0:1::/64', '2001:db8:0::/48'],
  ],
  [
    'any other in that network with it',
    '2001:DB8::1:ffff:ffff:ffff:ffff',
    ['2001:db8:0:1::/64', '2001:db8:0::/48'],
  ],
  ['the next network apart', '2001:db8:0:2::1', ['2001:db8:0:2::/64', '2001:db8:0::/48']],
  ['the next site apart', '2001:db8:1:1::1', ['2001:db8:1:1::/64', '2001:db8:1::/48']],
  ['IPv6 loopback', '::1', ['0:0:0:0::/64', '0:0:0::/48']],
  ['a link-local address without its zone', 'fe80::1%eth0', ['fe80:0:0:0::/64', 'fe80:0:0::/48']],
  ['an invalid address unchanged', 'unknown', ['unknown']],
])('A caller is counted: %s', (_, address, keys) => {
  expect(countedFor(address).map(({ key }) => key)).toEqual(keys);
});

it('A site has the limit of sixteen subscribers', () => {
  expect(countedFor('2001:db8::1').map(({ times }) => times)).toEqual([1, 16]);
});
