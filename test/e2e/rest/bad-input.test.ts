import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { onEachEngine } from '../../support/databases.js';
import { exchange } from '../../support/raw-exchange.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';

const run = promisify(execFile);

/** What must never be in an answer: stack traces, SQL, class names, file paths, a framework's own codes. */
const INTERNALS =
  /\bat (?:async )?[\w.<>]+ \(|node_modules|\w\.[cm]?[jt]s\b|file:\/\/\/\w|\b(?:SELECT|INSERT INTO|DELETE FROM|SQLITE_\w+|FST_\w+|statusCode)\b|\b[A-Z]\w*(?:Error|Exception|Entity|Repository|Service|Controller|Pipe|Guard|Filter|Dto)\b|oauth_client_secrets|api_keys|\bundefined\b|\[object/;

const MAX_BODY_BYTES = 64 * 1024;
const HUGE_BODY_BYTES = 100 * 1024 * 1024;
/** Enough for luck to run out. */
const SENDERS = 20;

type DoorName = 'clients' | 'register';

interface Refusal {
  status: number;
  error: string;
  /** The members of invalid_fields, all of them; none where it must not be there. */
  fields?: readonly string[];
}

/** The two doors: the same faults, each answered in the door's own words. */
const DOORS = {
  clients: {
    path: '/v2/oauth/clients',
    good: () => aClient() as Record<string, unknown>,
    names: { name: 'name', scope: 'allowed_scopes', grants: 'allowed_grant_types' },
    scopes: (scopes: readonly string[]): unknown => scopes,
    refusal: (fields: readonly string[]): Refusal => ({ status: 422, error: 'validation_error', fields }),
  },
  register: {
    path: '/v2/oauth/register',
    good: () => ({ client_name: 'My OAuth client' }) as Record<string, unknown>,
    names: { name: 'client_name', scope: 'scope', grants: 'grant_types' },
    scopes: (scopes: readonly string[]): unknown => scopes.join(' '),
    refusal: (fields: readonly string[]): Refusal => ({
      status: 400,
      error: fields.includes('redirect_uris') ? 'invalid_redirect_uri' : 'invalid_client_metadata',
      fields,
    }),
  },
} as const;
const DOOR_NAMES = Object.keys(DOORS) as DoorName[];

const NOT_A_STRING: [string, unknown][] = [
  ['null', null],
  ['a number', 1],
  ['a number out of range', Symbol.for('1e999')],
  ['true', true],
  ['an empty list', []],
  ['a list of strings', ['text']],
  ['an empty object', {}],
  ['an object that names its constructor', { constructor: 'text' }],
  ['an object that looks like a string', { length: 1, 0: 'x', toString: 'x' }],
];
const NOT_A_LIST: [string, unknown][] = [
  ['null', null],
  ['a string', 'text'],
  ['a number', 0],
  ['true', true],
  ['an empty object', {}],
  ['an object that looks like a list', { 0: 'text', length: 1 }],
  ['an object that names its constructor', { constructor: { name: 'Array' } }],
  ['a list with null', [null]],
  ['a list with a number', [1]],
  ['a list with a list', [['text']]],
  ['a list with an object', [{}]],
  ['a list with an object that names its constructor', [{ constructor: 'text' }]],
];
const NOT_A_FLAG: [string, unknown][] = [
  ['null', null],
  ['a string', 'true'],
  ['a number', 1],
  ['a list', [true]],
  ['an object', {}],
];
const notOneOf = (value: string): [string, unknown][] => [
  ...NOT_A_STRING,
  ['an empty string', ''],
  ['an unknown value', 'unknown'],
  ['a value in upper case', value.toUpperCase()],
  ['a value with a space behind it', `${value} `],
  ['a list with a good value', [value]],
  ['a name that every object has', 'constructor'],
];
const NOT_A_WEB_URI: [string, unknown][] = [
  ...NOT_A_STRING,
  ['an empty string', ''],
  ['a relative reference', '/logo.png'],
  ['a host without a scheme', 'example.com/logo.png'],
  ['javascript', 'javascript:alert(1)'],
  ['JavaScript behind a tab', '\tjavascript:alert(1)'],
  ['data', 'data:image/svg+xml,<svg onload=alert(1)>'],
  ['file', 'file:///etc/passwd'],
  ['ftp', 'ftp://example.com/logo.png'],
  ['a private-use scheme', 'cursor://logo'],
  ['a space', 'https://example.com/a logo.png'],
  ['NUL', 'https://example.com/\0'],
  ['a lone surrogate', 'https://example.com/\ud800'],
  ['2,049 characters', `https://example.com/${'a'.repeat(2_029)}`],
  ['60,000 characters', `https://example.com/${'a'.repeat(60_000)}`],
];
const NOT_A_KEY_SET: [string, unknown][] = [
  ['null', null],
  ['a string', '{"keys":[]}'],
  ['a number', 1],
  ['true', true],
  ['a list', []],
  ['an empty object', {}],
  ['an object that names its constructor', { constructor: 'text' }],
  ['keys that are null', { keys: null }],
  ['keys that are an object', { keys: {} }],
  ['no key', { keys: [] }],
  ['a key that is null', { keys: [null] }],
  ['a key that is a string', { keys: ['key'] }],
  ['a key that is a list', { keys: [[]] }],
  ['a key without kty', { keys: [{ n: 'AQAB' }] }],
  ['a kty that is no string', { keys: [{ kty: 1 }] }],
  ['a coordinate that is too short', { keys: [{ kty: 'EC', crv: 'P-256', x: 'AQAB', y: 'A'.repeat(43) }] }],
  ['a private key', { keys: [{ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43), d: 'AQAB' }] }],
  ['a symmetric key', { keys: [{ kty: 'oct', k: 'AQAB' }] }],
];

/** Characters that nobody sees, or that change how the rest of a name is read. */
const BAD_CHARACTERS: [string, string][] = [
  ['NUL', '\0'],
  ['BEL', '\u0007'],
  ['tab', '\t'],
  ['line feed', '\n'],
  ['carriage return', '\r'],
  ['escape', '\u001b'],
  ['delete', '\u007f'],
  ['next line (C1)', '\u0085'],
  ['control sequence introducer (C1)', '\u009b'],
  ['left-to-right mark', '\u200e'],
  ['right-to-left mark', '\u200f'],
  ['arabic letter mark', '\u061c'],
  ['left-to-right embedding', '\u202a'],
  ['right-to-left embedding', '\u202b'],
  ['pop directional formatting', '\u202c'],
  ['left-to-right override', '\u202d'],
  ['right-to-left override', '\u202e'],
  ['left-to-right isolate', '\u2066'],
  ['right-to-left isolate', '\u2067'],
  ['first strong isolate', '\u2068'],
  ['pop directional isolate', '\u2069'],
  ['zero-width space', '\u200b'],
  ['zero-width non-joiner', '\u200c'],
  ['zero-width joiner', '\u200d'],
  ['word joiner', '\u2060'],
  ['byte order mark', '\ufeff'],
  ['lone high surrogate', '\ud83d'],
  ['lone low surrogate', '\ude00'],
  ['reversed surrogate pair', '\ude00\ud83d'],
];
const BAD_TEXTS: [string, string][] = [
  ['an empty string', ''],
  ['spaces only', '   '],
  ['256 characters', 'a'.repeat(256)],
  ['60,000 characters', 'a'.repeat(60_000)],
  ...BAD_CHARACTERS.map(([name, character]): [string, string] => [`${name} inside`, `My${character}client`]),
  ...BAD_CHARACTERS.map(([name, character]): [string, string] => [
    `${name} at the end`,
    `My client${character}`,
  ]),
];

const BAD_REDIRECT_URIS: [string, string][] = [
  ['an empty string', ''],
  ['a space', ' '],
  ['a colon', ':'],
  ['a path', '/callback'],
  ['a word', 'callback'],
  ['a host without a scheme', 'example.com/callback'],
  ['no scheme', '//example.com/callback'],
  ['https without a host', 'https://'],
  ['https without slashes', 'https:example.com/callback'],
  ['https with one slash', 'https:/example.com/callback'],
  ['https with three slashes', 'https:///example.com/callback'],
  ['https with backslashes', 'https:\\\\example.com\\callback'],
  ['a backslash before another host', 'https://example.com\\@evil.example/'],
  ['a port out of range', 'https://example.com:99999/callback'],
  ['an unclosed IPv6 address', 'https://[::1/callback'],
  ['a broken escape in the host', 'https://%zz.example.com/callback'],
  ['a fragment', 'https://example.com/callback#part'],
  ['an empty fragment', 'https://example.com/callback#'],
  ['a fragment on a private-use scheme', 'com.example.app:/callback#part'],
  ['a user name', 'https://user@example.com/callback'],
  ['a user name and password', 'https://user:password@example.com/callback'],
  ['an empty user name', 'https://@example.com/callback'],
  ['an empty user name and password', 'https://:@example.com/callback'],
  ['a user name on a private-use scheme', 'cursor://user@host/callback'],
  ['a user name that looks like a host', 'https://example.com@evil.example/callback'],
  ['a user name on loopback', 'http://user@localhost/callback'],
  ['a space in front', ' https://example.com/callback'],
  ['a space behind', 'https://example.com/callback '],
  ['a space inside', 'https://example.com/call back'],
  ['a tab', 'https://example.com/\tcallback'],
  ['a line feed', 'https://example.com/callback\n'],
  ['a line feed in the scheme', 'ht\ntps://example.com/callback'],
  ['NUL', 'https://example.com/callback\0'],
  ['delete', 'https://example.com/callback\u007f'],
  ['a no-break space', 'https://example.com/call\u00a0back'],
  ['right-to-left override', 'https://example.com/\u202ekcabllac'],
  ['a zero-width space', 'https://exam\u200bple.com/callback'],
  ['a lone surrogate', 'https://example.com/\ud800'],
  ['a wildcard host', 'https://*.example.com/callback'],
  ['a wildcard path', 'https://example.com/*'],
  ['a wildcard query', 'https://example.com/callback?next=*'],
  ['a wildcard port', 'http://localhost:*/callback'],
  ['a wildcard on a private-use scheme', 'cursor://*'],
  ['nothing but a wildcard', '*'],
  ['http on a public host', 'http://example.com/callback'],
  ['http on a host that begins like loopback', 'http://localhost.example.com/callback'],
  ['http on a host that begins like a loopback address', 'http://127.0.0.1.example.com/callback'],
  ['http on a host that ends like loopback', 'http://notlocalhost/callback'],
  ['http on a private network', 'http://192.168.0.1/callback'],
  ['http on the unspecified address', 'http://0.0.0.0/callback'],
  ['http beside loopback', 'http://128.0.0.1/callback'],
  ['http on another IPv6 address', 'http://[::2]/callback'],
  ['javascript', 'javascript:alert(1)'],
  ['JavaScript in mixed case', 'JavaScript:alert(1)'],
  ['javascript that looks like a host', 'javascript://example.com/%0aalert(1)'],
  ['javascript behind a control character', '\u0001javascript:alert(1)'],
  ['javascript with a line feed inside', 'java\nscript:alert(1)'],
  ['data', 'data:text/html,<script>alert(1)</script>'],
  ['data of plain characters', 'data:text/html,hello'],
  ['vbscript', 'vbscript:msgbox'],
  ['file', 'file:///etc/passwd'],
  ['blob', 'blob:https://example.com/1b671a64'],
  ['about', 'about:blank'],
  ['view-source', 'view-source:https://example.com/'],
  ['ws', 'ws://localhost/callback'],
  ['wss', 'wss://example.com/callback'],
  ['ftp', 'ftp://example.com/callback'],
  ['FTP in upper case', 'FTP://EXAMPLE.COM/CALLBACK'],
  ['2,049 characters', `https://example.com/${'a'.repeat(2_029)}`],
  ['60,000 characters', `https://example.com/${'a'.repeat(60_000)}`],
];

const many = (count: number, each: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => each(i));

const BAD_SCOPES: [string, string[]][] = [
  ['129 characters', ['a'.repeat(129)]],
  ['a double quote', ['ad"min']],
  ['a backslash', ['ad\\min']],
  ['a tab', ['ad\tmin']],
  ['a line feed', ['admin\n']],
  ['NUL', ['admin\0']],
  ['delete', ['admin\u007f']],
  ['a letter beyond ASCII', ['ädmin']],
  ['a zero-width space', ['admin\u200b']],
  ['a lone surrogate', ['admin\ud800']],
  ['a bad one behind good ones', ['admin', 'read', 'wri"te']],
  ['101 scopes', many(101, (i) => `scope-${i}`)],
  ['5,000 scopes', many(5_000, (i) => `s${i}`)],
];

/** Every wrong value of every member, by door. */
const WRONG_VALUES: Record<DoorName, Record<string, [string, unknown][]>> = {
  clients: {
    name: [...NOT_A_STRING, ...BAD_TEXTS],
    allowed_scopes: [...NOT_A_LIST, ...BAD_SCOPES, ['an empty scope', ['']], ['a space', ['a b']]],
    client_type: notOneOf('public'),
    require_pkce: NOT_A_FLAG,
    allowed_grant_types: [
      ...NOT_A_LIST,
      ['an empty list', []],
      ['an empty string', ['']],
      ['an unknown grant', ['unknown']],
      ['a grant in upper case', ['CLIENT_CREDENTIALS']],
      ['an unknown grant behind a good one', ['client_credentials', 'implicit']],
      ['NUL', ['client_credentials\0']],
      ['a name that every object has', ['constructor']],
      ['5,000 grants', many(5_000, (i) => `g${i}`)],
    ],
    redirect_uris: NOT_A_LIST,
    logo_uri: NOT_A_WEB_URI,
    policy_uri: NOT_A_WEB_URI,
    tos_uri: NOT_A_WEB_URI,
  },
  register: {
    redirect_uris: NOT_A_LIST,
    client_name: [...NOT_A_STRING, ...BAD_TEXTS],
    'client_name#ja': [...NOT_A_STRING, ...BAD_TEXTS],
    grant_types: [
      ...NOT_A_LIST,
      ['an empty string', ['']],
      ['an unknown grant', ['unknown']],
      ['a grant in upper case', ['CLIENT_CREDENTIALS']],
      ['an unknown grant behind a good one', ['client_credentials', 'unknown']],
      ['no grant that is offered here', ['implicit', 'password']],
      ['NUL', ['client_credentials\0']],
      ['a name that every object has', ['constructor']],
    ],
    response_types: NOT_A_LIST,
    scope: [
      // D10a: null counts as absent
      ...NOT_A_STRING.filter(([, value]) => value !== null),
      ...BAD_SCOPES.map(([name, scopes]): [string, unknown] => [name, scopes.join(' ')]),
    ],
    token_endpoint_auth_method: notOneOf('client_secret_basic'),
    token_endpoint_auth_signing_alg: NOT_A_STRING,
    logo_uri: NOT_A_WEB_URI,
    'logo_uri#ja': NOT_A_WEB_URI,
    policy_uri: NOT_A_WEB_URI,
    tos_uri: NOT_A_WEB_URI,
    client_uri: NOT_A_WEB_URI,
    jwks_uri: NOT_A_WEB_URI,
    contacts: [...NOT_A_LIST, ['NUL', ['ops@example.com\0']], ['a lone surrogate', ['ops\ud800']]],
    jwks: NOT_A_KEY_SET,
    software_id: [...NOT_A_STRING, ...BAD_TEXTS],
    software_version: [...NOT_A_STRING, ...BAD_TEXTS],
    application_type: notOneOf('native'),
    initiate_login_uri: NOT_A_WEB_URI,
    post_logout_redirect_uris: NOT_A_LIST,
  },
};

/** Bodies that are no JSON text. */
const NOT_JSON: [string, string][] = [
  ['a word', 'hello'],
  ['white space only', ' \n'],
  ['an unclosed object', '{"name":"x"'],
  ['an unclosed string', '{"name":"x'],
  ['a missing value', '{"name":}'],
  ['a trailing comma', '{"name":"x",}'],
  ['single quotes', "{'name':'x'}"],
  ['a member without quotes', '{name:"x"}'],
  ['a comment', '{"name":"x" /* y */}'],
  ['two objects', '{"name":"x"}{"name":"y"}'],
  ['something behind the object', '{"name":"x"} x'],
  ['NaN', '{"name":NaN}'],
  ['undefined', '{"name":undefined}'],
  ['a leading zero', '{"name":01}'],
  ['a raw control character in a string', '{"name":"a\u0001b"}'],
  ['a broken escape', '{"name":"\\x41"}'],
  ['a broken Unicode escape', '{"name":"\\u12"}'],
  ['a form', 'name=x&client_type=public'],
  ['XML', '<client><name>x</name></client>'],
  ['NUL behind the object', '{}\0'],
];

const NOT_AN_OBJECT: [string, string][] = [
  ['an empty list', '[]'],
  ['a list with an object', '[{"name":"x"}]'],
  ['a string', '"text"'],
  ['an empty string', '""'],
  ['a number', '1'],
  ['true', 'true'],
  ['false', 'false'],
  ['null', 'null'],
];

const AMBIGUOUS: [string, string][] = [
  ['a member twice', '{"logo_uri":"https://a.example","logo_uri":"https://b.example"}'],
  ['a member twice with the same value', '{"logo_uri":"https://a.example","logo_uri":"https://a.example"}'],
  [
    'a member twice, once in escapes',
    '{"logo_uri":"https://a.example","logo\\u005furi":"https://b.example"}',
  ],
  ['an unknown member twice', '{"unknown":1,"unknown":2}'],
  ['a member twice in a nested object', '{"jwks":{"keys":[{"kty":"EC","kty":"RSA"}]}}'],
  ['a member twice behind a string of braces', '{"unknown":"}{\\"","x":1,"x":2}'],
  ['__proto__', '{"__proto__":{"polluted":true}}'],
  ['__proto__ in escapes', '{"\\u005f\\u005fproto__":{"polluted":true}}'],
  ['__proto__ that is null', '{"__proto__":null}'],
  ['__proto__ in a nested object', '{"jwks":{"keys":[],"__proto__":{"polluted":true}}}'],
  ['__proto__ in a list', '{"redirect_uris":[{"__proto__":{"polluted":true}}]}'],
];

const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
const DEEP: [string, string][] = [
  ['10,000 lists', nested('[', ']', 10_000)],
  ['30,000 lists', nested('[', ']', 30_000)],
  ['10,000 objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['10,000 lists in a member', `{"redirect_uris":${nested('[', ']', 10_000)}}`],
  ['10,000 objects in a member', `{"jwks":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`],
  ['10,000 lists that are never closed', '['.repeat(10_000)],
];

const NOT_UTF8: [string, Buffer][] = [
  ['a byte that never occurs', Buffer.from([0xff])],
  ['a lone continuation byte', Buffer.from([0x80])],
  ['a cut sequence', Buffer.from([0xe2, 0x82])],
  ['an overlong NUL', Buffer.from([0xc0, 0x80])],
  ['an encoded surrogate', Buffer.from([0xed, 0xa0, 0x80])],
  ['beyond Unicode', Buffer.from([0xf4, 0x90, 0x80, 0x80])],
  ['Latin-1', Buffer.from('é', 'latin1')],
];

const CONTENT_TYPES: [string, string | null][] = [
  ['none', null],
  ['text/plain', 'text/plain'],
  ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded'],
  ['multipart/form-data', 'multipart/form-data; boundary=x'],
  ['application/xml', 'application/xml'],
  ['application/octet-stream', 'application/octet-stream'],
  ['a type that begins like JSON', 'application/jsonp'],
  ['application/json in a parameter', 'text/plain; x=application/json'],
  ['a type without a slash', 'json'],
  ['a slash', '/'],
  ['60 parameters', `text/plain${'; a=b'.repeat(60)}`],
];

const COMPRESSED: [string, string, (body: Buffer) => Buffer][] = [
  ['gzip', 'gzip', gzipSync],
  ['GZIP in upper case', 'GZIP', gzipSync],
  ['x-gzip', 'x-gzip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['br', 'br', brotliCompressSync],
  ['gzip behind identity', 'identity, gzip', gzipSync],
  ['an unknown coding', 'unknown', (body) => body],
  ['gzip that is none', 'gzip', (body) => body],
];

/** Every route, with the methods that it has. */
const ROUTES: [path: string, methods: string[]][] = [
  ['/v2/oauth/clients', ['POST', 'GET', 'HEAD']],
  ['/v2/oauth/clients/some-id', ['GET', 'HEAD', 'PUT', 'DELETE']],
  ['/v2/oauth_clients', ['POST', 'GET', 'HEAD']],
  ['/v2/oauth/register', ['POST', 'OPTIONS']],
  ['/graphql', ['GET', 'POST']],
  ['/health/live', ['GET', 'HEAD']],
  ['/health/ready', ['GET', 'HEAD']],
  ['/openapi.json', ['GET', 'HEAD']],
  ['/docs', ['GET', 'HEAD']],
  ['/', ['GET', 'HEAD']],
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const WRONG_METHODS = ROUTES.flatMap(([path, methods]) =>
  METHODS.filter((method) => !methods.includes(method)).map((method): [string, string, string[]] => [
    method,
    path,
    methods,
  ]),
)
  // Whether the explorer's page and CORS preflights answer these is not settled by the contract
  .filter(([method, path]) => !(path === '/graphql' && ['HEAD', 'OPTIONS'].includes(method)));

const UNKNOWN_PATHS = [
  '/v2',
  '/v2/oauth',
  '/v1/oauth/clients',
  '/V2/OAUTH/CLIENTS',
  '/v2//oauth/clients',
  '/v2/oauth/clients%20',
  '/v2/oauth/clients%00',
  '/v2/oauth/clients;x=y',
  '/v2/oauth/clients.json',
  '/v2/oauth/clients/a/b/c',
  '/v2/oauth/register/a/b/c',
  '/graphqlx',
  '/graphql/nothing',
  '/graphql/explorer/nothing.js',
  '/docs/nothing',
  '/health',
  '/health/',
  '/health/dead',
  '/.env',
  '/constructor',
  '/__proto__',
  '/*',
  `/${'a'.repeat(10_000)}`,
  `/v2/oauth/clients/${'a/'.repeat(4_000)}`,
];
const MALFORMED_PATHS = [
  '/graphql/explorer/../../package.json',
  '/graphql/explorer/%2e%2e/%2e%2e/package.json',
  '/graphql/explorer/..%2f..%2fpackage.json',
  '/docs/../package.json',
  '/docs/..%2fpackage.json',
  '/../../etc/passwd',

  '/%zz',
  '/%',
  '/%f',
  '/%c0%ae',
  '/%ff',
  '/v2/oauth/clients/%zz',
  '/graphql/explorer/%zz',
  '/docs/%zz',
];

const CRLF = '\r\n';
const raw = (...lines: string[]) => lines.join(CRLF);
const HOST = 'Host: registry.example';
const JSON_TYPE = 'Content-Type: application/json';

/** What is no HTTP; the server says so and hangs up by itself. */
const MALFORMED_HTTP: [string, string][] = [
  ['a word', raw('GARBAGE', '', '')],
  ['bytes of a TLS handshake', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
  ['an HTTP version that does not exist', raw('GET /health/live HTTP/9.9', HOST, '', '')],
  ['the preface of HTTP/2', raw('PRI * HTTP/2.0', '', 'SM', '', '')],
  ['a method that does not exist', raw('FROB /health/live HTTP/1.1', HOST, '', '')],
  ['a method in lower case', raw('get /health/live HTTP/1.1', HOST, '', '')],
  ['a path without a slash', raw('GET health/live HTTP/1.1', HOST, '', '')],
  ['a space in the path', raw('GET /health/live x HTTP/1.1', HOST, '', '')],
  ['no Host', raw('GET /health/live HTTP/1.1', 'Connection: close', '', '')],
  ['a header without a colon', raw('GET /health/live HTTP/1.1', HOST, 'Broken', '', '')],
  ['a space before the colon', raw('GET /health/live HTTP/1.1', HOST, 'X-Broken : 1', '', '')],
  ['an empty header name', raw('GET /health/live HTTP/1.1', HOST, ': 1', '', '')],
  ['NUL in a header', raw('GET /health/live HTTP/1.1', HOST, 'X-Broken: a\0b', '', '')],
  ['a bare carriage return in a header', raw('GET /health/live HTTP/1.1', HOST, 'X-Broken: a\rb', '', '')],
  [
    'two Content-Length',
    raw(
      'POST /v2/oauth/register HTTP/1.1',
      HOST,
      JSON_TYPE,
      'Content-Length: 2',
      'Content-Length: 3',
      '',
      '{}',
    ),
  ],
  [
    'a negative Content-Length',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, 'Content-Length: -2', '', '{}'),
  ],
  [
    'a Content-Length that is a word',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, 'Content-Length: two', '', '{}'),
  ],
  [
    'a Content-Length out of range',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, `Content-Length: ${'9'.repeat(30)}`, '', '{}'),
  ],
  [
    'Content-Length and Transfer-Encoding',
    raw(
      'POST /v2/oauth/register HTTP/1.1',
      HOST,
      JSON_TYPE,
      'Content-Length: 2',
      'Transfer-Encoding: chunked',
      '',
      '2',
      '{}',
      '0',
      '',
      '',
    ),
  ],
  [
    'a Transfer-Encoding that does not end in chunked',
    raw(
      'POST /v2/oauth/register HTTP/1.1',
      HOST,
      JSON_TYPE,
      'Transfer-Encoding: chunked, gzip',
      '',
      '2',
      '{}',
      '0',
      '',
      '',
    ),
  ],
  [
    'a chunk size that is no number',
    raw(
      'POST /v2/oauth/register HTTP/1.1',
      HOST,
      JSON_TYPE,
      'Transfer-Encoding: chunked',
      '',
      'zz',
      '{}',
      '0',
      '',
      '',
    ),
  ],
  [
    'a header of 20,000 characters',
    raw('GET /health/live HTTP/1.1', HOST, `X-Long: ${'a'.repeat(20_000)}`, '', ''),
  ],
  ['5,000 headers', raw('GET /health/live HTTP/1.1', HOST, ...many(5_000, (i) => `X-${i}: a`), '', '')],
  ['a path of 100,000 characters', raw(`GET /${'a'.repeat(100_000)} HTTP/1.1`, HOST, '', '')],
];

/** Requests whose sender hangs up in the middle. */
const CUT_HTTP: [string, string][] = [
  ['nothing', ''],
  ['half a request line', 'POST /v2/oauth/regi'],
  ['half the headers', raw('POST /v2/oauth/register HTTP/1.1', HOST, 'Content-T')],
  [
    'a body that is shorter than declared',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, 'Content-Length: 20', '', '{}'),
  ],
  [
    'a chunked body without its end',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, 'Transfer-Encoding: chunked', '', '2', '{}', ''),
  ],
];

/** What `fetch` does not let through: any path, any method, no content type, bodies of any size. */
interface RawSending {
  method?: string;
  body?: Buffer | string;
  /** Sends this many bytes in place of a body, for as long as nobody answers. */
  bodyBytes?: number;
  /** Without Content-Length. */
  chunked?: boolean;
  headers?: Record<string, string>;
}

async function sendRaw(registry: Registry, path: string, sending: RawSending = {}): Promise<Answer> {
  const { method = 'POST', body = '', bodyBytes, chunked = false, headers = {} } = sending;
  const length = bodyBytes ?? Buffer.byteLength(body);
  const { hostname, port } = new URL(registry.url);
  const request = httpRequest({
    hostname,
    port,
    path,
    method,
    agent: false,
    headers: {
      ...(chunked ? { 'transfer-encoding': 'chunked' } : length > 0 && { 'content-length': String(length) }),
      ...headers,
    },
  });
  let isAnswered = false;
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      isAnswered = true;
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const answerHeaders = new Headers();
        for (const [name, value] of Object.entries(response.headers)) {
          answerHeaders.set(name, [value].flat().join(', '));
        }
        const isJson = answerHeaders.get('content-type')?.includes('json') && text !== '';
        resolve({
          status: response.statusCode ?? 0,
          headers: answerHeaders,
          text,
          body: isJson ? JSON.parse(text) : undefined,
        });
        request.destroy();
      });
    });
  });
  if (bodyBytes === undefined) {
    request.end(body);
  } else {
    // What fails here fails the answer as well, and is reported there
    void pour(request, bodyBytes, () => isAnswered).catch(() => undefined);
  }
  return answer;
}

/** Writes `bytes` spaces, no faster than they are taken, until somebody answers. */
async function pour(request: ReturnType<typeof httpRequest>, bytes: number, isAnswered: () => boolean) {
  const chunk = Buffer.alloc(256 * 1024, ' ');
  const answered = once(request, 'response');
  // What fails here fails `drain` as well
  answered.catch(() => undefined);
  for (let sent = 0; sent < bytes && !isAnswered() && !request.destroyed; sent += chunk.length) {
    const isTaken = request.write(chunk.subarray(0, Math.min(chunk.length, bytes - sent)));
    if (!isTaken) await Promise.race([once(request, 'drain'), answered]);
  }
  if (!isAnswered()) request.end();
}

/**
 * A client by itself, as every real one is: in the process of the server the two take turns, and nobody ever writes to a
 * connection that was closed meanwhile. Prints what became of each attempt.
 */
const SENDER = `
import { request } from 'node:http';
const { url, headers, bytes, attempts } = JSON.parse(process.argv[1]);
const chunk = Buffer.alloc(256 * 1024, ' ');
const send = () => new Promise((resolve) => {
  const sending = request(url, { method: 'POST', agent: false, headers });
  let isAnswered = false;
  sending.on('error', (error) => resolve(error.code));
  sending.on('response', (response) => {
    isAnswered = true;
    let text = '';
    response.on('data', (part) => (text += part));
    response.on('error', (error) => resolve(error.code));
    response.on('end', () => {
      resolve(response.statusCode + ' ' + JSON.parse(text).error);
      sending.destroy();
    });
  });
  let sent = 0;
  const pour = () => {
    while (!isAnswered && sent < bytes) {
      sent += chunk.length;
      if (!sending.write(chunk)) return;
    }
    if (!isAnswered) sending.end();
  };
  sending.on('drain', pour);
  pour();
});
const outcomes = [];
for (let i = 0; i < attempts; i++) outcomes.push(await send());
console.log(JSON.stringify(outcomes));
`;

interface ManySendings {
  url: string;
  headers: Record<string, string>;
  bytes: number;
  attempts: number;
}

/** The status and error code of each answer, or what the network said in place of one. */
async function sendFromAnotherProcess(sendings: ManySendings): Promise<string[]> {
  const { stdout } = await run(process.execPath, [
    '--input-type=module',
    '--eval',
    SENDER,
    JSON.stringify(sendings),
  ]);
  return JSON.parse(stdout) as string[];
}

/** JSON, in which a symbol stands for what no JavaScript value is written as. */
const toJson = (value: unknown) =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'symbol' ? `<raw>${Symbol.keyFor(each)}</raw>` : each,
  ).replace(/"<raw>(.*?)<\/raw>"/g, '$1');

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  const stored = async () => ({
    clients: await registry.rows('oauth_clients'),
    secrets: await registry.rows('oauth_client_secrets'),
  });

  /** The headers of a caller that may use the door. */
  const credentials = (door: DoorName): Record<string, string> =>
    door === 'clients' ? { authorization: `Bearer ${registry.adminKey}` } : {};

  const sendTo = (door: DoorName, body: unknown) =>
    registry.send(DOORS[door].path, {
      body: typeof body === 'string' || body instanceof Uint8Array ? body : toJson(body),
      headers: credentials(door),
    });

  const sendRawTo = (door: DoorName, { headers, ...sending }: RawSending) =>
    sendRaw(registry, DOORS[door].path, { ...sending, headers: { ...credentials(door), ...headers } });

  /** Sends, and checks all of the answer: that it is this refusal, says nothing else, and left nothing behind. */
  async function expectRefused(
    send: () => Promise<Answer>,
    { status, error, fields }: Refusal,
  ): Promise<Answer> {
    const before = await stored();
    const answer = await send();
    expect({
      status: answer.status,
      body: answer.body,
      contentType: answer.headers.get('content-type'),
      cacheControl: answer.headers.get('cache-control'),
      pragma: answer.headers.get('pragma'),
    }).toEqual({
      status,
      body: {
        error,
        error_description: expect.stringMatching(/\S/),
        ...(fields && {
          invalid_fields: Object.fromEntries(
            fields.map((field) => [field, expect.arrayContaining([expect.stringMatching(/\S/)])]),
          ),
        }),
      },
      contentType: expect.stringMatching(/^application\/json\b/),
      cacheControl: 'no-store',
      pragma: 'no-cache',
    });
    expect(answer.text).not.toMatch(INTERNALS);
    expect(await stored()).toEqual(before);
    return answer;
  }

  const NO_JSON_OBJECT: Refusal = { status: 400, error: 'invalid_request' };
  const UNSUPPORTED: Refusal = { status: 415, error: 'unsupported_media_type' };
  const TOO_LARGE: Refusal = { status: 413, error: 'payload_too_large' };

  describe.each(DOOR_NAMES)('the %s door', (door) => {
    const { good, names, refusal, scopes } = DOORS[door];

    describe('answers 400 invalid_request to a body that is no JSON object', () => {
      it.each(NOT_JSON)('not JSON: %s', async (_, body) => {
        await expectRefused(() => sendTo(door, body), NO_JSON_OBJECT);
      });

      it.each(NOT_AN_OBJECT)('not an object: %s', async (_, body) => {
        await expectRefused(() => sendTo(door, body), NO_JSON_OBJECT);
      });

      it.each(AMBIGUOUS)('read differently by different readers: %s', async (_, members) => {
        const body = `${toJson(good()).slice(0, -1)},${members.slice(1)}`;
        await expectRefused(() => sendTo(door, body), NO_JSON_OBJECT);
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      });

      it.each(DEEP)('too deep: %s', async (_, body) => {
        await expectRefused(() => sendTo(door, body), NO_JSON_OBJECT);
      });

      it.each(NOT_UTF8)('not UTF-8: %s', async (_, bytes) => {
        const [before, after] = toJson({ ...good(), [names.name]: '|' }).split('|') as [string, string];
        const body = Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
        await expectRefused(() => sendTo(door, body), NO_JSON_OBJECT);
      });

      it('not UTF-8: UTF-16', async () => {
        await expectRefused(() => sendTo(door, Buffer.from(toJson(good()), 'utf16le')), NO_JSON_OBJECT);
      });

      it('compressed, and nothing says so', async () => {
        await expectRefused(() => sendTo(door, gzipSync(toJson(good()))), NO_JSON_OBJECT);
      });
    });

    describe('names the one field that is at fault', () => {
      const rows = Object.entries(WRONG_VALUES[door]).flatMap(([field, values]) =>
        values.map(([what, value]): [string, string, unknown] => [field, what, value]),
      );
      it.each(rows)('%s: %s', async (field, _, value) => {
        await expectRefused(() => sendTo(door, { ...good(), [field]: value }), refusal([field]));
      });

      it.each(BAD_REDIRECT_URIS)('redirect_uris: %s', async (_, uri) => {
        await expectRefused(
          () => sendTo(door, { ...good(), redirect_uris: [uri] }),
          refusal(['redirect_uris']),
        );
      });

      it('redirect_uris: a bad one between good ones', async () => {
        const redirect_uris = ['https://example.com/a', 'https://example.com/b#', 'https://example.com/c'];
        await expectRefused(() => sendTo(door, { ...good(), redirect_uris }), refusal(['redirect_uris']));
      });

      it('redirect_uris: 51 of them', async () => {
        const redirect_uris = many(51, (i) => `https://example.com/${i}`);
        await expectRefused(() => sendTo(door, { ...good(), redirect_uris }), refusal(['redirect_uris']));
      });

      it.each([
        ['none', undefined],
        ['an empty list', []],
      ])('redirect_uris: %s where authorization_code is named', async (_, redirect_uris) => {
        const body = { ...good(), [names.grants]: ['authorization_code'], redirect_uris };
        await expectRefused(() => sendTo(door, body), refusal(['redirect_uris']));
      });
    });

    it.each([
      ['a word', 'unknown'],
      ['an empty name', ''],
      ['a space', ' '],
      ['a known name in upper case', 'LOGO_URI'],
      ['a known name with a space behind it', 'logo_uri '],
      ['constructor', 'constructor'],
      ['prototype', 'prototype'],
      ['toString', 'toString'],
      ['hasOwnProperty', 'hasOwnProperty'],
      ['__defineGetter__', '__defineGetter__'],
      ['org_id, which only the server sets', 'org_id'],
      ['user_id, which only the server sets', 'user_id'],
      ['created_at, which only the server sets', 'created_at'],
      ['verified, which only an operator sets', 'verified'],
      ['a name with NUL', 'a\0b'],
      ['a name with a lone surrogate', 'a\ud800'],
      ['a name with markup', '<script>alert(1)</script>'],
    ])('refuses a member that nobody registered: %s', async (_, member) => {
      await expectRefused(
        () => sendTo(door, { ...good(), [member]: { prototype: { polluted: 1 } } }),
        refusal([member]),
      );
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('names 100 of 5,000 unknown members: the answer does not grow with the request', async () => {
      const members = many(5_000, (i) => `m${i}`);
      const body = { ...good(), ...Object.fromEntries(members.map((member) => [member, 1])) };
      const answer = await expectRefused(() => sendTo(door, body), refusal(members.slice(0, 100)));
      expect(answer.body.error_description.length).toBeLessThan(1_000);
    });

    it('names the beginning of a member with a long name', async () => {
      const body = { ...good(), ['a'.repeat(60_000)]: 1 };
      await expectRefused(() => sendTo(door, body), refusal(['a'.repeat(200)]));
    });

    it('describes a fault in ASCII, whatever the caller called its members (RFC 7591 §3.2.2)', async () => {
      const answer = await expectRefused(() => sendTo(door, { ...good(), ключ: 1 }), refusal(['ключ']));
      expect(answer.body.error_description).toMatch(/^[\x20-\x7e]+$/);
    });

    it('takes the largest valid values, so that the refusals above are about nothing else', async () => {
      const before = await stored();
      const values = {
        [names.name]: '😀'.repeat(255),
        [names.scope]: scopes(many(100, (i) => String(i).padEnd(128, 'a'))),
        [names.grants]: ['authorization_code', 'client_credentials', 'refresh_token'],
        redirect_uris: many(50, (i) =>
          i === 0 ? `https://example.com/${'a'.repeat(2_028)}` : `https://example.com/${i}`,
        ),
        logo_uri: `https://example.com/${'a'.repeat(2_028)}`,
      };
      const answer = await sendTo(door, { ...good(), ...values });
      expect({ status: answer.status, body: answer.body?.data ?? answer.body }).toMatchObject({
        status: 201,
        body: values,
      });
      expect(await stored()).toEqual({ clients: before.clients + 1, secrets: before.secrets + 1 });
    });

    describe('answers 415 to a body that it does not read', () => {
      it.each(CONTENT_TYPES)('content type: %s', async (_, type) => {
        const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
        await expectRefused(() => sendRawTo(door, { body: toJson(good()), headers }), UNSUPPORTED);
      });

      it.each(COMPRESSED)('content coding: %s', async (_, coding, compress) => {
        const headers = { 'content-type': 'application/json', 'content-encoding': coding };
        const body = compress(Buffer.from(toJson(good())));
        await expectRefused(() => sendRawTo(door, { body, headers }), UNSUPPORTED);
      });

      it('content coding: a gzip bomb', async () => {
        const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
        const body = gzipSync(Buffer.alloc(HUGE_BODY_BYTES / 4, ' '));
        await expectRefused(() => sendRawTo(door, { body, headers }), UNSUPPORTED);
      });
    });

    it.each([
      ['application/json; charset=utf-8', { 'content-type': 'application/json; charset=utf-8' }],
      ['Application/JSON', { 'content-type': 'Application/JSON' }],
      ['no content coding by name', { 'content-type': 'application/json', 'content-encoding': 'identity' }],
    ])('reads a body as JSON that is declared so: %s', async (_, headers) => {
      expect(await sendRawTo(door, { body: toJson(good()), headers })).toMatchObject({ status: 201 });
    });

    describe('limits a body to 64 KiB', () => {
      const JSON_BODY = { 'content-type': 'application/json' };
      const padded = (bytes: number) => toJson(good()).padEnd(bytes, ' ');

      it.each([
        ['with Content-Length', false],
        ['in chunks', true],
      ])('takes 64 KiB %s', async (_, chunked) => {
        const before = await stored();
        const answer = await sendRawTo(door, { body: padded(MAX_BODY_BYTES), chunked, headers: JSON_BODY });
        expect(answer).toMatchObject({ status: 201 });
        expect(await stored()).toEqual({ clients: before.clients + 1, secrets: before.secrets + 1 });
      });

      it.each([
        ['with Content-Length', false],
        ['in chunks', true],
      ])('answers 413 to one byte more %s', async (_, chunked) => {
        await expectRefused(
          () => sendRawTo(door, { body: padded(MAX_BODY_BYTES + 1), chunked, headers: JSON_BODY }),
          TOO_LARGE,
        );
      });

      it.each([
        ['with Content-Length', false, {}],
        ['in chunks', true, {}],
        ['with Content-Length, expecting 100 Continue', false, { expect: '100-continue' }],
      ])('answers 413 to 100 MB, %s', async (_, chunked, headers) => {
        await expectRefused(
          () =>
            sendRawTo(door, { bodyBytes: HUGE_BODY_BYTES, chunked, headers: { ...JSON_BODY, ...headers } }),
          TOO_LARGE,
        );
      });

      it.each([
        ['413, with Content-Length', TOO_LARGE, 'application/json', false],
        ['413, in chunks', TOO_LARGE, 'application/json', true],
        ['415, with Content-Length', UNSUPPORTED, 'text/plain', false],
        ['415, in chunks', UNSUPPORTED, 'text/plain', true],
      ])(
        'lets every sender of 100 MB, in a process of its own, receive its %s',
        async (_, refusal, type, chunked) => {
          const before = await stored();
          const outcomes = await sendFromAnotherProcess({
            url: `${registry.url}${DOORS[door].path}`,
            headers: {
              ...credentials(door),
              'content-type': type,
              ...(!chunked && { 'content-length': String(HUGE_BODY_BYTES) }),
            },
            bytes: HUGE_BODY_BYTES,
            attempts: SENDERS,
          });
          expect(outcomes).toEqual(
            Array.from({ length: SENDERS }, () => `${refusal.status} ${refusal.error}`),
          );
          expect(await stored()).toEqual(before);
        },
      );
    });
  });

  describe('the clients door alone', () => {
    it.each(['name', 'allowed_scopes', 'client_type', 'allowed_grant_types'])(
      'names the required member that is missing: %s',
      async (member) => {
        const rest = Object.fromEntries(Object.entries(aClient()).filter(([name]) => name !== member));
        await expectRefused(() => sendTo('clients', rest), DOORS.clients.refusal([member]));
      },
    );

    it('names all required members where none is there', async () => {
      const required = ['name', 'allowed_scopes', 'client_type', 'allowed_grant_types'];
      await expectRefused(() => sendTo('clients', {}), DOORS.clients.refusal(required));
    });

    it.each([
      ['as JSON', { 'content-type': 'application/json' }, false],
      ['without a type', {}, false],
      ['of a declared length of zero', { 'content-length': '0' }, false],
      [
        'as JSON of a declared length of zero',
        { 'content-type': 'application/json', 'content-length': '0' },
        false,
      ],
      ['as JSON in chunks', { 'content-type': 'application/json' }, true],
    ])('answers 400 invalid_request to no body at all, %s', async (_, headers, chunked) => {
      await expectRefused(() => sendRawTo('clients', { headers, chunked }), NO_JSON_OBJECT);
    });

    it.each(['client_id', 'client_secret', 'scope', 'client_uri', 'application_type', 'client_name#ja'])(
      'refuses %s, which only registration knows (additionalProperties: false)',
      async (member) => {
        await expectRefused(
          () => sendTo('clients', { ...aClient(), [member]: 'text' }),
          DOORS.clients.refusal([member]),
        );
      },
    );

    it('names every fault of shape and of meaning in one answer', async () => {
      const body = {
        name: ' ',
        allowed_scopes: ['a b'],
        client_type: 'secret',
        require_pkce: 'yes',
        allowed_grant_types: ['client_credentials', 'implicit'],
        redirect_uris: ['http://example.com/callback'],
        logo_uri: 'javascript:alert(1)',
        policy_uri: null,
        tos_uri: 1,
        unknown: true,
        constructor: {},
      };
      await expectRefused(() => sendTo('clients', body), DOORS.clients.refusal(Object.keys(body)));
    });

    it('names every bad entry of a list', async () => {
      const redirect_uris = ['http://example.com/a', 'https://example.com/b', 'https://example.com/c#'];
      const answer = await expectRefused(
        () => sendTo('clients', aClient({ redirect_uris })),
        DOORS.clients.refusal(['redirect_uris']),
      );
      expect(answer.body.invalid_fields.redirect_uris).toHaveLength(2);
    });

    it('answers 401 to a token longer than any token is, before it looks at anything else', async () => {
      const answer = await expectRefused(
        () => registry.send('/v2/oauth/clients', { body: {}, key: 'a'.repeat(12_000) }),
        { status: 401, error: 'invalid_token' },
      );
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    });
  });

  describe('the register door alone', () => {
    it.each([
      ['without a type', {}, false],
      ['as JSON', { 'content-type': 'application/json' }, false],
      ['of a declared length of zero', { 'content-length': '0' }, false],
      [
        'as JSON of a declared length of zero',
        { 'content-type': 'application/json', 'content-length': '0' },
        false,
      ],
      ['as JSON in chunks', { 'content-type': 'application/json' }, true],
    ])(
      'takes no body at all for {}, %s (the published JavaScript SDK sends none)',
      async (_, headers, chunked) => {
        const before = await stored();
        const answer = await sendRawTo('register', { headers, chunked });
        expect({
          status: answer.status,
          body: answer.body,
          cacheControl: answer.headers.get('cache-control'),
          pragma: answer.headers.get('pragma'),
        }).toEqual({
          status: 201,
          body: {
            client_id: expect.any(String),
            client_id_issued_at: expect.any(Number),
            client_secret: expect.any(String),
            client_secret_expires_at: 0,
            registration_access_token: expect.any(String),
            registration_client_uri: expect.any(String),
            redirect_uris: [],
            grant_types: ['authorization_code'],
            response_types: ['code'],
            token_endpoint_auth_method: 'client_secret_basic',
          },
          cacheControl: 'no-store',
          pragma: 'no-cache',
        });
        expect(await stored()).toEqual({ clients: before.clients + 1, secrets: before.secrets + 1 });
      },
    );

    it.each([
      'client_name#',
      'client_name#not a tag',
      'client_name#-',
      'redirect_uris#ja',
      '#ja',
      'require_pkce',
      'client_type',
    ])('refuses %s, which is registered nowhere', async (member) => {
      await expectRefused(() => sendTo('register', { [member]: 'text' }), DOORS.register.refusal([member]));
    });

    it('refuses jwks and jwks_uri together', async () => {
      const body = { jwks: { keys: [{ kty: 'RSA' }] }, jwks_uri: 'https://example.com/jwks.json' };
      await expectRefused(() => sendTo('register', body), DOORS.register.refusal(['jwks']));
    });

    it.each([
      ['NUL', { kid: 'a\0b' }],
      ['a lone surrogate', { kid: 'a\ud800' }],
      ['a member constructor', { constructor: 'text' }],
      ['a member constructor that is an object', { constructor: { name: 'Object' } }],
      ['a member toString', { toString: 'text' }],
      ['a member hasOwnProperty', { hasOwnProperty: 1 }],
      ['a member then', { then: 'text' }],
    ])(
      'keeps a public key as it came, with members that it does not know (RFC 7517 §4): %s',
      async (_, member) => {
        const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43), ...member }] };
        const answer = await sendTo('register', { jwks });
        expect({ status: answer.status, jwks: JSON.stringify(answer.body?.jwks) }).toEqual({
          status: 201,
          jwks: JSON.stringify(jwks),
        });
      },
    );

    it.each([
      ['client_id', 'my-own'],
      ['client_secret', 'my-own'],
      ['client_id_issued_at', 1],
      ['client_secret_expires_at', 1],
      ['registration_access_token', 'my-own'],
      ['registration_client_uri', 'https://example.com/my-own'],
    ])('D13: never takes %s from a request', async (member, value) => {
      const answer = await sendTo('register', { [member]: value });
      expect(answer.status).toBe(201);
      expect(answer.body[member]).not.toEqual(value);
    });

    it('D4: refuses the authentication method none for client_credentials', async () => {
      const body = { token_endpoint_auth_method: 'none', grant_types: ['client_credentials'] };
      await expectRefused(
        () => sendTo('register', body),
        DOORS.register.refusal(['token_endpoint_auth_method']),
      );
    });

    it('names every fault of shape and of meaning in one answer', async () => {
      const body = {
        redirect_uris: ['http://example.com/callback'],
        client_name: 'a\u202eb',
        'client_name#ja': 1,
        'logo_uri#ja': 'javascript:alert(1)',
        grant_types: ['unknown'],
        response_types: 'code',
        scope: 'a"b',
        token_endpoint_auth_method: 'client_secret_jwt',
        token_endpoint_auth_signing_alg: 1,
        logo_uri: '/logo.png',
        tos_uri: null,
        policy_uri: {},
        client_uri: 'ftp://example.com',
        contacts: [1],
        jwks_uri: '',
        jwks: {},
        software_id: '',
        software_version: [],
        application_type: 'console',
        initiate_login_uri: 'http://example.com',
        post_logout_redirect_uris: ['/'],
        unknown: true,
        constructor: {},
      };
      await expectRefused(() => sendTo('register', body), DOORS.register.refusal(Object.keys(body)));
    });
  });

  describe('answers 405 with Allow to a method that a path does not have', () => {
    it.each(WRONG_METHODS)('%s %s', async (method, path, methods) => {
      const before = await stored();
      // With the body that the right method would have taken
      const sending =
        path.startsWith('/v2') && !['GET', 'HEAD', 'TRACE', 'OPTIONS'].includes(method)
          ? { body: toJson(aClient()), headers: { 'content-type': 'application/json' } }
          : {};
      const answer = await sendRaw(registry, path, { method, ...sending });
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 405,
        body:
          method === 'HEAD'
            ? undefined
            : { error: 'method_not_allowed', error_description: expect.any(String) },
      });
      const allow = answer.headers.get('allow')?.split(/, */) ?? [];
      expect(allow).toEqual(expect.arrayContaining(methods));
      expect(allow).not.toContain(method);
      expect(answer.text).not.toMatch(INTERNALS);
      expect(await stored()).toEqual(before);
    });
  });

  describe('answers 404 in the shape of every error to a path that it does not have', () => {
    it.each(UNKNOWN_PATHS.map((path) => [path.length > 60 ? `${path.slice(0, 60)}…` : path, path]))(
      '%s',
      async (_, path) => {
        for (const method of ['GET', 'POST']) {
          const body = method === 'POST' ? toJson(aClient()) : undefined;
          const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
          await expectRefused(
            () =>
              sendRaw(registry, path, { method, body, headers: { ...headers, ...credentials('clients') } }),
            { status: 404, error: 'not_found' },
          );
        }
      },
    );

    it.each(MALFORMED_PATHS)('%s, which is malformed or leads out (400 is as good)', async (path) => {
      const answer = await sendRaw(registry, path, { method: 'GET' });
      expect([
        { status: 400, body: { error: 'invalid_request', error_description: expect.any(String) } },
        { status: 404, body: { error: 'not_found', error_description: expect.any(String) } },
      ]).toContainEqual({ status: answer.status, body: answer.body });
      expect(answer.text).not.toMatch(INTERNALS);
    });

    it.each([
      '?%zz',
      '?x=%ff',
      '?__proto__[polluted]=1',
      '?constructor[prototype][polluted]=1',
      `?${'a=b&'.repeat(2_000)}`,
    ])('reads no query string: %s', async (query) => {
      expect(await sendRaw(registry, `/health/live${query}`, { method: 'GET' })).toMatchObject({
        status: 200,
        body: { status: 'ok' },
      });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  });

  describe('refuses what is no HTTP, hangs up, and goes on', () => {
    const check = (received: string) => {
      const end = received.indexOf('\r\n\r\n');
      expect(received.slice(0, end)).toMatch(/^HTTP\/1\.1 (?:4\d\d|50[15]) /);
      // Node itself refuses some of it without a word: with an empty body, in chunks or not
      const body = received.slice(end).trim().replace(/^0$/, '');
      if (body === '') return;
      expect(JSON.parse(body)).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
      expect(body).not.toMatch(INTERNALS);
    };

    it.each(MALFORMED_HTTP)('%s', async (_, bytes) => {
      const before = await stored();
      check(await exchange(registry.url, bytes));
      expect(await stored()).toEqual(before);
      expect(await registry.send('/health/live', { method: 'GET' })).toMatchObject({ status: 200 });
    });

    it.each(CUT_HTTP)('cut off: %s', async (_, bytes) => {
      const before = await stored();
      const received = await exchange(registry.url, bytes, { thenHangUp: true });
      if (received !== '') check(received);
      expect(await stored()).toEqual(before);
      expect(await registry.send('/health/live', { method: 'GET' })).toMatchObject({ status: 200 });
    });

    it('says so where Node would say nothing: no Host', async () => {
      const received = await exchange(
        registry.url,
        raw('GET /health/live HTTP/1.1', 'Connection: close', '', ''),
      );
      expect(received).toMatch(
        /^HTTP\/1\.1 400 [\s\S]*cache-control: no-store[\s\S]*\{"error":"invalid_request"/,
      );
    });

    it('answers HEAD without a body, even where it cannot read the rest', async () => {
      const received = await exchange(
        registry.url,
        raw('HEAD /health/live HTTP/1.1', HOST, `X-Long: ${'a'.repeat(20_000)}`, '', ''),
      );
      expect(received).toMatch(/^HTTP\/1\.1 431 [^{]*\r\n\r\n$/);
    });

    it.each([
      ['an expectation that nobody fulfils', 'HTTP/1.1', [HOST, 'Expect: a-miracle']],
      ['HTTP/1.0 without Host, as health checks speak it', 'HTTP/1.0', []],
    ])('takes %s', async (_, version, headers) => {
      const received = await exchange(
        registry.url,
        raw(`GET /health/live ${version}`, ...headers, 'Connection: close', '', ''),
      );
      expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"status":"ok"\}$/);
    });

    it('does not take the rest of a refused body for the next request', async () => {
      const before = await stored();
      const smuggled = raw(
        'POST /v2/oauth/register HTTP/1.1',
        HOST,
        JSON_TYPE,
        'Content-Length: 2',
        '',
        '{}',
      );
      const received = await exchange(
        registry.url,
        raw(
          'POST /v2/oauth/register HTTP/1.1',
          HOST,
          'Content-Type: text/plain',
          `Content-Length: ${smuggled.length}`,
          'Connection: close',
          '',
          smuggled,
        ),
      );
      expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 415']);
      expect(await stored()).toEqual(before);
    });
  });
});
