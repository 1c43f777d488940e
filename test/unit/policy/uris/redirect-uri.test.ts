import { redirectUriFault, redirectUriFaults } from '../../../../src/policy/uris/redirect-uri.js';

const FRAGMENT = 'must not contain a fragment (#)';
const WILDCARD = 'must not contain a wildcard (*)';
const NOT_LOOPBACK = 'must use https; http is allowed for localhost, 127.0.0.0/8 and [::1] only';
const BAD_CHARACTERS =
  'must not contain whitespace, control characters, or characters that require percent-encoding (RFC 3986 §2)';
const USERINFO = 'must not contain a user name or password';
const NO_HOST = 'must contain a host after https://';
const NOT_ABSOLUTE = 'must be an absolute URI such as https://example.com/path';
const scheme = (name: string) =>
  `must not use the scheme ${name}; use https, http on loopback, or a private-use scheme`;

const ODD_HOST =
  'must contain its host as a DNS name or IP address in canonical form, without percent-encoding';

const NO_DNS_NAME = 'must have a valid DNS name or IP address as its host (RFC 1123 §2.1)';

describe('A redirect URI', () => {
  it.each([
    ['https', 'https://example.com/callback'],
    ['https without a path', 'https://example.com'],
    ['https on an address', 'https://192.0.2.1/cb'],
    ['port and query', 'https://example.com:8443/cb?tenant=1&x=%2F'],
    ['http on localhost', 'http://localhost/cb'],
    ['http on localhost with a port', 'http://localhost:33418/'],
    ['http on LOCALHOST', 'http://LOCALHOST:3000/cb'],
    ['HTTP in capitals on loopback', 'HTTP://127.0.0.1/cb'],
    ['http on 127.0.0.1', 'http://127.0.0.1:8080/cb'],
    ['http elsewhere in 127.0.0.0/8', 'http://127.255.255.254/cb'],
    ['http on [::1]', 'http://[::1]:8080/cb'],
    ['a private-use scheme with a domain name', 'com.example.app:/cb'],
    ['a private-use scheme with an authority', 'cursor://anysphere.cursor-retrieval/oauth/callback'],
    ['a private-use scheme with plus and minus', 'vscode-insiders+x://publisher.extension/cb'],
    ['a private-use scheme that begins like a rejected one', 'javascripty://cb'],
    ['a host name in punycode', 'https://xn--bcher-kva.example/cb'],
    ['an at sign in the path', 'https://example.com/@user/cb'],
    ['2,048 characters', 'https://example.com/'.padEnd(2048, 'a')],
    ['a label of 63 characters', `https://${'a'.repeat(63)}.example/`],
    ['253 characters of host', `https://${'a.'.repeat(126)}a/`],
    ['an IPv6 address', 'https://[2001:db8::1]/cb'],
  ])('may be: %s', (_, uri) => {
    expect(redirectUriFault(uri)).toBeUndefined();
  });

  it.each([
    ['a fragment', 'https://example.com/cb#token', FRAGMENT],
    ['an empty fragment', 'https://example.com/cb#', FRAGMENT],
    ['a fragment under a private-use scheme', 'com.example.app:/cb#', FRAGMENT],
    ['a wildcard for the host', 'https://*/cb', WILDCARD],
    ['a wildcard label', 'https://*.example.com/cb', WILDCARD],
    ['a wildcard in the path', 'https://example.com/*', WILDCARD],
    ['a wildcard in the query', 'https://example.com/cb?*', WILDCARD],
    ['a percent-encoded wildcard label, which WHATWG URL decodes', 'https://%2a.example.com/cb', ODD_HOST],
    ['javascript', 'javascript:alert(1)', scheme('javascript')],
    ['an intent', 'intent://x#Intent;end', FRAGMENT],
    ['an intent without a fragment', 'intent://x', scheme('intent')],
    ['a page of the browser itself', 'chrome://settings', scheme('chrome')],
    ['a mail', 'mailto:a@example.com', scheme('mailto')],
    ['nothing but a scheme', 'com.example.app:', 'must contain a host or path after its scheme'],
    ['nothing but a scheme and slashes', 'cursor://', 'must contain a host or path after its scheme'],
    ['javascript in mixed case', 'JaVaScRiPt://example.com/%0aalert(1)', scheme('javascript')],
    ['data', 'data:text/html,hi', scheme('data')],
    ['vbscript', 'vbscript:msgbox', scheme('vbscript')],
    ['file', 'file:///etc/passwd', scheme('file')],
    ['filesystem', 'filesystem:https://example.com/temporary/x', scheme('filesystem')],
    ['blob', 'blob:https://example.com/0', scheme('blob')],
    ['about', 'about:blank', scheme('about')],
    ['view-source', 'view-source:https://example.com/', scheme('view-source')],
    ['ws', 'ws://localhost/', scheme('ws')],
    ['wss', 'WSS://example.com/', scheme('wss')],
    ['ftp', 'ftp://example.com/', scheme('ftp')],
    ['http on a public host', 'http://example.com/cb', NOT_LOOPBACK],
    ['http on a private address', 'http://192.168.0.1/cb', NOT_LOOPBACK],
    ['http on 0.0.0.0', 'http://0.0.0.0/cb', NOT_LOOPBACK],
    ['http on 128.0.0.1', 'http://128.0.0.1/cb', NOT_LOOPBACK],
    ['http on a subdomain named localhost', 'http://localhost.evil.example/cb', NOT_LOOPBACK],
    ['http on a subdomain of localhost', 'http://app.localhost/cb', NOT_LOOPBACK],
    ['http on a host that ends in localhost', 'http://notlocalhost/cb', NOT_LOOPBACK],
    ['http on localhost with a trailing dot', 'http://localhost./cb', NO_DNS_NAME],
    ['http on a name that begins like 127.0.0.1', 'http://127.0.0.1.evil.example/cb', NOT_LOOPBACK],
    ['http on an encoded name that begins like 127.0.0.1', 'http://127.0.0.1%2eevil.example/', ODD_HOST],
    ['http on [::]', 'http://[::]/cb', NOT_LOOPBACK],
    ['http on an IPv4-mapped address', 'http://[::ffff:127.0.0.1]/cb', ODD_HOST],
    ['http on [::2]', 'http://[::2]/cb', NOT_LOOPBACK],
    ['a loopback user on a public host', 'http://localhost@evil.example/cb', USERINFO],
    ['loopback and port as userinfo', 'http://127.0.0.1:80@evil.example/cb', USERINFO],
    ['an IPv6 loopback as userinfo', 'http://[::1]@evil.example/cb', USERINFO],
    ['empty userinfo', 'https://@example.com/cb', USERINFO],
    ['empty user and password', 'https://:@example.com/cb', USERINFO],
    ['userinfo under a private-use scheme', 'cursor://user:pass@host/cb', USERINFO],
    ['empty userinfo under a private-use scheme', 'cursor://@host/cb', USERINFO],
    ['one slash', 'https:/example.com/cb', NO_HOST],
    ['no slash', 'http:localhost/cb', NO_HOST],
    ['three slashes', 'https:///example.com/cb', NO_HOST],
    ['backslashes', 'https:\\\\example.com\\cb', BAD_CHARACTERS],
    ['a backslash before an at sign', 'https://example.com\\@evil.example/cb', BAD_CHARACTERS],
    ['a space', 'https://example.com/a b', BAD_CHARACTERS],
    ['a space before', ' javascript:alert(1)', BAD_CHARACTERS],
    ['a tab in the scheme', 'java\tscript:alert(1)', BAD_CHARACTERS],
    ['a line feed in the scheme', 'java\nscript:alert(1)', BAD_CHARACTERS],
    ['a control character before the scheme', '\x01javascript:alert(1)', BAD_CHARACTERS],
    ['a carriage return at the end', 'https://example.com/cb\r', BAD_CHARACTERS],
    ['a line feed at the end', 'https://example.com/cb\n', BAD_CHARACTERS],
    ['DEL', 'https://example.com/\x7f', BAD_CHARACTERS],
    ['a no-break space', 'https://example.com/\u00a0', BAD_CHARACTERS],
    ['an ideographic full stop', 'http://127\u30020\u30020\u30021/cb', BAD_CHARACTERS],
    [
      'full-width letters',
      'http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/cb',
      BAD_CHARACTERS,
    ],
    ['a letter that folds to ASCII', 'javaſcript:alert(1)', BAD_CHARACTERS],
    [
      'a host and port whose scheme was forgotten',
      'localhost:3000/cb',
      'must begin with a scheme, such as https:// or http://',
    ],
    ['a template', 'https://example.com/{tenant}/cb', BAD_CHARACTERS],
    ['a broken escape', 'https://example.com/%zz', BAD_CHARACTERS],
    ['an escape that is cut off', 'https://example.com/%4', BAD_CHARACTERS],
    ['nothing', '', NOT_ABSOLUTE],
    ['a path', '/cb', NOT_ABSOLUTE],
    ['no scheme', '//example.com/cb', NOT_ABSOLUTE],
    ['a scheme that begins with a digit', '1app:/cb', NOT_ABSOLUTE],
    ['an invalid address', 'http://127.0.0.256/cb', NOT_ABSOLUTE],
    ['an address with five parts', 'http://127.0.0.0.1/cb', NOT_ABSOLUTE],
    ['a zone in an IPv6 address', 'http://[::1%25eth0]/cb', NOT_ABSOLUTE],
    ['2,049 characters', 'https://example.com/'.padEnd(2049, 'a'), 'must be at most 2048 characters long'],
    ['an ampersand in the host', 'https://evil.example&.ok.example/', NO_DNS_NAME],
    ['a quote in the host', "https://evil'.ok.example/", NO_DNS_NAME],
    ['a comma in the host', 'https://evil.example,ok.example/', NO_DNS_NAME],
    ['an equals sign in the host', 'https://a=b.ok.example/', NO_DNS_NAME],
    ['a tilde in the host', 'https://~a.ok.example/', NO_DNS_NAME],
    ['an underscore in the host', 'https://a_b.ok.example/', NO_DNS_NAME],
    ['an empty first label', 'https://.ok.example/', NO_DNS_NAME],
    ['an empty label within', 'https://a..ok.example/', NO_DNS_NAME],
    ['an empty last label', 'https://ok.example./', NO_DNS_NAME],
    ['a label of 64 characters', `https://${'a'.repeat(64)}.ok.example/`, NO_DNS_NAME],
    ['a label of 300 characters', `https://${'a'.repeat(300)}.ok.example/`, NO_DNS_NAME],
    ['254 characters of host', `https://${'a.'.repeat(126)}aa/`, NO_DNS_NAME],
    ['a hyphen before a label', 'https://-a.ok.example/', NO_DNS_NAME],
    ['a hyphen behind a label', 'https://a-.ok.example/', NO_DNS_NAME],
  ])('is rejected: %s', (_, uri, fault) => {
    expect(redirectUriFault(uri)).toBe(fault);
  });

  // WHATWG URL makes 127.0.0.1 or localhost of these; inet_pton, RFC 3986 and a resolver make something else of them
  it.each([
    ['octal: 177.0.0.1 to others', 'http://0177.0.0.1/cb'],
    ['hexadecimal', 'http://0x7f.0.0.1/cb'],
    ['hexadecimal and short', 'http://0x7f.1/cb'],
    ['short', 'http://127.1/cb'],
    ['one decimal number', 'http://2130706433/cb'],
    ['a trailing dot', 'http://127.0.0.1./cb'],
    ['percent-encoded digits', 'http://%31%32%37.0.0.1/cb'],
    ['a percent-encoded letter', 'http://%6cocalhost/cb'],
  ])('is rejected if its host is loopback to one parser only: %s', (_, uri) => {
    expect(redirectUriFault(uri)).toBe(ODD_HOST);
  });
});

describe('A list of redirect URIs', () => {
  const uris = (count: number) => Array.from({ length: count }, (_, i) => `https://example.com/${i}`);

  it.each([
    ['none', [], []],
    ['50', uris(50), []],
    ['51', uris(51), ['must have at most 50 URIs']],
    [
      'each invalid entry, by its position',
      ['https://example.com/#', 'https://example.com/cb', 'javascript:0', 'http://example.com/'],
      [`entry 1 ${FRAGMENT}`, `entry 3 ${scheme('javascript')}`, `entry 4 ${NOT_LOOPBACK}`],
    ],
  ])('is validated: %s', (_, list, faults) => {
    expect(redirectUriFaults(list)).toEqual(faults);
  });
});
