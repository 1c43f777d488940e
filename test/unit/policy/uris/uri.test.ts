import { parseUri, webUriFaults, withoutTrailingSlashes } from '../../../../src/policy/uris/uri.js';

const TOO_LONG = 'must be at most 2048 characters long';
const BAD_CHARACTERS =
  'must not contain whitespace, control characters, or characters that require percent-encoding (RFC 3986 §2)';
const NOT_ABSOLUTE = 'must be an absolute URI such as https://example.com/path';
const NO_HOST = 'must contain a host after https://';
const NO_DNS_NAME = 'must have a valid DNS name or IP address as its host (RFC 1123 §2.1)';
const USERINFO = 'must not contain a user name or password';
const NOT_WEB = 'must be an https or http URL';

const ofLength = (length: number) => 'https://example.com/'.padEnd(length, 'a');

describe('A logo, policy or terms URI', () => {
  it.each([
    ['https', 'https://example.com/logo.png'],
    ['http', 'http://example.com/logo.png'],
    ['a scheme in capitals', 'HTTPS://EXAMPLE.COM/logo.png'],
    ['query and fragment', 'https://example.com/?v=1&w=%20#terms'],
    ['a host name in punycode', 'https://xn--bcher-kva.example/'],
    ['an IPv6 host', 'https://[2001:db8::1]:8443/'],
    ['exactly 2,048 characters', ofLength(2048)],
  ])('may have: %s', (_, uri) => {
    expect(webUriFaults(uri)).toEqual([]);
  });

  it.each([
    ['2,049 characters', ofLength(2049), TOO_LONG],
    ['the empty string', '', NOT_ABSOLUTE],
    ['a path only', '/logo.png', NOT_ABSOLUTE],
    ['a network-path reference', '//example.com/logo.png', NOT_ABSOLUTE],
    ['a host name only', 'example.com', NOT_ABSOLUTE],
    ['a port above 65535', 'https://example.com:65536/', NOT_ABSOLUTE],
    ['an unclosed IPv6 host', 'https://[::1/', NOT_ABSOLUTE],
    ['a NUL in the host, percent-encoded', 'https://exa%00mple.com/', NOT_ABSOLUTE],
    ['a space before', ' https://example.com/', BAD_CHARACTERS],
    ['a line feed after', 'https://example.com/\n', BAD_CHARACTERS],
    ['a tab in the scheme', 'ht\ttps://example.com/', BAD_CHARACTERS],
    ['a tab in a script scheme', 'java\tscript:alert(1)', BAD_CHARACTERS],
    ['a NUL', 'https://example.com/\0', BAD_CHARACTERS],
    ['backslashes for slashes', 'https:\\\\example.com\\', BAD_CHARACTERS],
    ['letters that are not ASCII', 'https://bücher.example/', BAD_CHARACTERS],
    ['a full-width solidus', 'https://example.com\uff0f.evil.example/', BAD_CHARACTERS],
    ['a right-to-left override', 'https://example.com/\u202egnp.exe', BAD_CHARACTERS],
    ['a lone surrogate', 'https://example.com/\ud800', BAD_CHARACTERS],
    ['markup', 'https://example.com/"><script>', BAD_CHARACTERS],
    ['a percent sign that escapes nothing', 'https://example.com/100%', BAD_CHARACTERS],
    ['no slashes', 'https:example.com', NO_HOST],
    ['a host that is not a DNS name', 'https://evil.example&.example.com/', NO_DNS_NAME],
    ['one slash', 'https:/example.com', NO_HOST],
    ['three slashes', 'https:///example.com', NO_HOST],
    ['a user', 'https://user@example.com/', USERINFO],
    ['a password only', 'https://:secret@example.com/', USERINFO],
    ['empty userinfo', 'https://@example.com/', USERINFO],
    ['a host that is a user name', 'https://example.com@evil.example/', USERINFO],
    ['javascript', 'javascript:alert(1)', NOT_WEB],
    ['javascript in capitals', 'JavaScript:alert(1)', NOT_WEB],
    ['data', 'data:image/png;base64,AAAA', NOT_WEB],
    ['file', 'file:///etc/passwd', NOT_WEB],
    ['blob of an https page', 'blob:https://example.com/0', NOT_WEB],
    ['a private-use scheme', 'com.example.app:/logo', NOT_WEB],
  ])('is rejected with: %s', (_, uri, fault) => {
    expect(webUriFaults(uri)).toEqual([fault]);
  });
});

it.each([
  ['https://example.com/a/../b', 'https://example.com/b'],
  ['com.example.app:/cb', 'com.example.app:/cb'],
])('A valid URI is parsed as WHATWG URL does: %s', (uri, href) => {
  expect(String(parseUri(uri))).toBe(href);
});

it('Slashes at the end are removed in time that grows with the length of the text', () => {
  expect(withoutTrailingSlashes('https://a.example//b///')).toBe('https://a.example//b');
  const start = performance.now();
  expect(withoutTrailingSlashes(`${'/'.repeat(200_000)}x`)).toHaveLength(200_001);
  // Tried again from each slash, it takes half a minute
  expect(performance.now() - start).toBeLessThan(1_000);
});
