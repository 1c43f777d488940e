import {
  deniedHostFaults,
  isRedirectHost,
  isRedirectTarget,
  redirectHostFaults,
} from '../../../../src/policy/uris/redirect-host.js';

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
  [`${'a'.repeat(64)}.example.com`, false],
  ['a&b.example.com', false],
  ['a_b.example.com', false],
  ['-a.example.com', false],
  ["*.o'.example.com", false],
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
  ['https://.example.com/', ['*.example.com'], false],
  ['https://evil.example&.example.com/', ['*.example.com'], false],
  ['https://example.com@evil.example/', ['example.com'], false],
  // Any installed program can claim a scheme with any host
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
  ).toEqual(['entry 2 must be an https or http URI with an allowed host: a.example, *.c.example']);
});

it.each([
  ['example.com', true],
  ['cursor:', true],
  ['com.example.app:', true],
  ['https:', false],
  ['http:', false],
  ['Cursor:', false],
  ['cursor://', false],
  ['cursor', true],
])('Redirect URIs can be limited to %j: %s', (target, expected) => {
  expect(isRedirectTarget(target)).toBe(expected);
});

it.each<[string, string[], boolean]>([
  ['cursor://anything/cb', ['cursor:'], true],
  ['CURSOR://anything/cb', ['cursor:'], true],
  ['vscode://anything/cb', ['cursor:'], false],
  ['cursor://example.com/cb', ['example.com'], false],
])('%j leads to one of %j: %s', (uri, allowed, expected) => {
  expect(redirectHostFaults([uri], allowed).length === 0).toBe(expected);
});

it.each<[string, string[], string[], boolean]>([
  ['https://evil.example/cb', ['evil.example'], [], true],
  ['https://EVIL.example:8443/cb', ['evil.example'], [], true],
  ['https://evil.example./cb', ['evil.example'], [], true],
  ['https://evil.example../cb', ['evil.example'], [], true],
  ['https://evil.example./cb', ['*.example.org', 'evil.example'], [], true],
  ['https://a.evil.example/cb', ['evil.example'], [], false],
  ['https://a.evil.example/cb', ['*.evil.example'], [], true],
  ['https://a.b.evil.example./cb', ['*.evil.example'], [], true],
  ['https://notevil.example/cb', ['*.evil.example'], [], false],
  ['https://xn--bcher-kva.example/cb', ['xn--bcher-kva.example'], [], true],
  ['https://good.example/cb', ['evil.example'], [], false],
  // A host that is denied by name could be reached by its address
  ['https://203.0.113.1/cb', ['evil.example'], [], true],
  ['https://[2001:db8::1]/cb', ['evil.example'], [], true],
  ['https://[::ffff:203.0.113.1]/cb', ['203.0.113.1'], [], true],
  ['https://203.0.113.1/cb', ['evil.example'], ['203.0.113.1'], false],
  ['https://203.0.113.1/cb', [], [], false],
  // What never leaves the machine
  ['http://127.0.0.1:8080/cb', ['evil.example'], [], false],
  ['http://[::1]:8080/cb', ['evil.example'], [], false],
  ['http://127.0.0.2/cb', ['localhost'], [], true],
  ['http://[::1]/cb', ['localhost'], [], true],
  ['http://127.0.0.1/cb', ['127.0.0.1'], [], true],
  // Schemes
  ['cursor://evil.example/cb', ['evil.example'], [], false],
  ['odd://x/cb', ['odd:'], [], true],
])('%j leads to one of the denied %j, %j being allowed: %s', (uri, denied, allowed, expected) => {
  expect(deniedHostFaults(['https://good.example/cb', uri], denied, allowed)).toEqual(
    expected ? ['entry 2 must not have a host or scheme that this server denies'] : [],
  );
});
