import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { many } from '../../support/many.js';
import { INTERFACE_NAMES, INTERFACES, type InterfaceName, requestsTo } from '../../support/requests.js';

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
  ['a list with a valid value', [value]],
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
  ['a kty that is not a string', { keys: [{ kty: 1 }] }],
  ['a coordinate that is too short', { keys: [{ kty: 'EC', crv: 'P-256', x: 'AQAB', y: 'A'.repeat(43) }] }],
  ['a private key', { keys: [{ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43), d: 'AQAB' }] }],
  ['a symmetric key', { keys: [{ kty: 'oct', k: 'AQAB' }] }],
];

/** Invisible characters, or characters that change how the rest of a name is read. */
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
  ['an invalid one after valid ones', ['admin', 'read', 'wri"te']],
  ['101 scopes', many(101, (i) => `scope-${i}`)],
  ['2,000 scopes', many(2_000, (i) => `s${i}`)],
];

/** Every wrong value of every member, by interface. */
const WRONG_VALUES: Record<InterfaceName, Record<string, [string, unknown][]>> = {
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
      ['an unknown grant after a valid one', ['client_credentials', 'implicit']],
      ['NUL', ['client_credentials\0']],
      ['a name that every object has', ['constructor']],
      ['2,000 grants', many(2_000, (i) => `g${i}`)],
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
      ['an unknown grant after a valid one', ['client_credentials', 'unknown']],
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

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());
  const { stored, sendTo, expectRefused } = requestsTo(() => registry);

  describe.each(INTERFACE_NAMES)('%s', (api) => {
    const { good, names, refusal, scopes } = INTERFACES[api];

    describe('names the one invalid field', () => {
      const rows = Object.entries(WRONG_VALUES[api]).flatMap(([field, values]) =>
        values.map(([what, value]): [string, string, unknown] => [field, what, value]),
      );
      it.each(rows)('%s: %s', async (field, _, value) => {
        await expectRefused(() => sendTo(api, { ...good(), [field]: value }), refusal([field]));
      });

      it.each(BAD_REDIRECT_URIS)('redirect_uris: %s', async (_, uri) => {
        await expectRefused(
          () => sendTo(api, { ...good(), redirect_uris: [uri] }),
          refusal(['redirect_uris']),
        );
      });

      it('redirect_uris: an invalid one between valid ones', async () => {
        const redirect_uris = ['https://example.com/a', 'https://example.com/b#', 'https://example.com/c'];
        await expectRefused(() => sendTo(api, { ...good(), redirect_uris }), refusal(['redirect_uris']));
      });

      it('redirect_uris: 51 of them', async () => {
        const redirect_uris = many(51, (i) => `https://example.com/${i}`);
        await expectRefused(() => sendTo(api, { ...good(), redirect_uris }), refusal(['redirect_uris']));
      });

      it.each([
        ['none', undefined],
        ['an empty list', []],
      ])('redirect_uris: %s if authorization_code is named', async (_, redirect_uris) => {
        const body = { ...good(), [names.grants]: ['authorization_code'], redirect_uris };
        await expectRefused(() => sendTo(api, body), refusal(['redirect_uris']));
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
    ])('rejects an unknown member: %s', async (_, member) => {
      await expectRefused(
        () => sendTo(api, { ...good(), [member]: { prototype: { polluted: 1 } } }),
        refusal([member]),
      );
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('names 100 of 900 unknown members, so that the reply stays small', async () => {
      const members = many(900, (i) => `m${i}`);
      const body = { ...good(), ...Object.fromEntries(members.map((member) => [member, 1])) };
      const answer = await expectRefused(() => sendTo(api, body), refusal(members.slice(0, 100)));
      expect(answer.body.error_description.length).toBeLessThan(1_000);
    });

    it.each([
      ['unknown ones', Object.fromEntries(many(1_000, (i) => [`m${i}`, 1]))],
      ['those of an object in a member', { jwks: Object.fromEntries(many(1_000, (i) => [`m${i}`, 1])) }],
      ['those of many small objects', { jwks: { keys: many(334, () => ({ kty: '', crv: '', x: '' })) } }],
    ])('rejects more than 1,000 members: %s', async (_, members) => {
      await expectRefused(() => sendTo(api, { ...good(), ...members }), {
        status: 400,
        error: 'invalid_request',
      });
    });

    it('truncates the name of a member with a long name', async () => {
      const body = { ...good(), ['a'.repeat(60_000)]: 1 };
      await expectRefused(() => sendTo(api, body), refusal(['a'.repeat(200)]));
    });

    it('describes errors in ASCII for any member name (RFC 7591 §3.2.2)', async () => {
      const answer = await expectRefused(() => sendTo(api, { ...good(), ключ: 1 }), refusal(['ключ']));
      expect(answer.body.error_description).toMatch(/^[\x20-\x7e]+$/);
    });

    it('accepts the largest valid values', async () => {
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
      const answer = await sendTo(api, { ...good(), ...values });
      expect({ status: answer.status, body: answer.body?.data ?? answer.body }).toMatchObject({
        status: 201,
        body: values,
      });
      expect(await stored()).toEqual({ clients: before.clients + 1, secrets: before.secrets + 1 });
    });
  });
});
