import { isRedirectHost, redirectHostFaults } from '../../src/clients/policy/redirect-host.js';

it.each([
  ['example.com', true],
  ['*.example.com', true],
  ['localhost', true],
  ['127.0.0.1', true],
  ['[::1]', true],
  ['xn--bcher-kva.example', true],
  ['', false],
  ['*', false],
  ['*.', false],
  ['*.*.example.com', false],
  ['a.*.example.com', false],
  ['Example.com', false],
  ['bücher.example', false],
  ['example.com:443', false],
  ['example.com:8443', false],
  ['https://example.com', false],
  ['example.com/', false],
  ['user@example.com', false],
  ['example.com?x', false],
  ['a b', false],
  ['127.1', false],
  ['a..b', false],
  ['.example.com', false],
  ['example.com.', false],
  ['*.example.com.', false],
  ['*.com', false],
  [`${'a'.repeat(254)}`, false],
])('Redirect URIs can be limited to the host %j: %s', (host, expected) => {
  expect(isRedirectHost(host)).toBe(expected);
});

it.each<[string, string[], boolean]>([
  ['https://example.com/cb', ['example.com'], true],
  ['https://example.com:8443/cb', ['example.com'], true],
  ['https://EXAMPLE.com/cb', ['example.com'], true],
  ['http://localhost:4711/cb', ['localhost'], true],
  ['http://[::1]/cb', ['[::1]'], true],
  ['https://a.example.com/cb', ['*.example.com'], true],
  ['https://a.b.example.com/cb', ['*.example.com'], true],
  ['https://other.example/cb', ['example.com', 'other.example'], true],
  ['https://example.com/cb', ['*.example.com'], false],
  ['https://notexample.com/cb', ['*.example.com'], false],
  ['https://a.example.com/cb', ['example.com'], false],
  ['https://example.com.evil.example/cb', ['example.com', '*.example.com'], false],
  ['https://evil.example/?example.com', ['example.com'], false],
  ['https://example.com@evil.example/', ['example.com'], false],
  // Whoever installs a program can claim a scheme, whatever host is written behind it
  ['myapp://example.com/cb', ['example.com'], false],
  ['com.example.app:/cb', ['com.example.app'], false],
  ['example.com', ['example.com'], false],
  ['https://example.com/cb', [], false],
])('%j leads to one of %j: %s', (uri, hosts, expected) => {
  expect(redirectHostFaults([uri], hosts)).toHaveLength(expected ? 0 : 1);
});

it('A fault names the entry and the hosts', () => {
  expect(
    redirectHostFaults(['https://a.example/', 'https://b.example/'], ['a.example', '*.c.example']),
  ).toEqual(['entry 2 must be an https or http URI of an allowed host: a.example, *.c.example']);
});
