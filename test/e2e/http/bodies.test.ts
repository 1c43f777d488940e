import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import {
  INTERFACE_NAMES,
  INTERFACES,
  NO_JSON_OBJECT,
  type Refusal,
  requestsTo,
  toJson,
} from '../../support/requests.js';

const run = promisify(execFile);

const MAX_BODY_BYTES = 64 * 1024;
const HUGE_BODY_BYTES = 100 * 1024 * 1024;
/** Enough for luck to run out. */
const SENDERS = 20;
const UNSUPPORTED: Refusal = { status: 415, error: 'unsupported_media_type' };
const TOO_LARGE: Refusal = { status: 413, error: 'payload_too_large' };
/** Enough for luck to run out. */
/** Bodies that are not JSON text. */
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
  ['invalid gzip', 'gzip', (body) => body],
];

/**
 * A client by itself, as every real one is: in the process of the server the two take turns, and a write to a
 * closed connection cannot be seen. Prints the result of each attempt.
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

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());
  const { stored, credentials, sendTo, sendRawTo, expectRefused } = requestsTo(() => registry);

  describe.each(INTERFACE_NAMES)('%s', (api) => {
    const { good, names } = INTERFACES[api];

    describe('answers 400 invalid_request to a body that is not a JSON object', () => {
      it.each(NOT_JSON)('not JSON: %s', async (_, body) => {
        await expectRefused(() => sendTo(api, body), NO_JSON_OBJECT);
      });

      it.each(NOT_AN_OBJECT)('not an object: %s', async (_, body) => {
        await expectRefused(() => sendTo(api, body), NO_JSON_OBJECT);
      });

      it.each(AMBIGUOUS)('ambiguous: %s', async (_, members) => {
        const body = `${toJson(good()).slice(0, -1)},${members.slice(1)}`;
        await expectRefused(() => sendTo(api, body), NO_JSON_OBJECT);
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      });

      it.each(DEEP)('too deep: %s', async (_, body) => {
        await expectRefused(() => sendTo(api, body), NO_JSON_OBJECT);
      });

      it.each(NOT_UTF8)('not UTF-8: %s', async (_, bytes) => {
        const [before, after] = toJson({ ...good(), [names.name]: '|' }).split('|') as [string, string];
        const body = Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
        await expectRefused(() => sendTo(api, body), NO_JSON_OBJECT);
      });

      it('not UTF-8: UTF-16', async () => {
        await expectRefused(() => sendTo(api, Buffer.from(toJson(good()), 'utf16le')), NO_JSON_OBJECT);
      });

      it('compressed without Content-Encoding', async () => {
        await expectRefused(() => sendTo(api, gzipSync(toJson(good()))), NO_JSON_OBJECT);
      });
    });

    describe('answers 415 to an unsupported media type or content coding', () => {
      it.each(CONTENT_TYPES)('content type: %s', async (_, type) => {
        const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
        await expectRefused(() => sendRawTo(api, { body: toJson(good()), headers }), UNSUPPORTED);
      });

      it.each(COMPRESSED)('content coding: %s', async (_, coding, compress) => {
        const headers = { 'content-type': 'application/json', 'content-encoding': coding };
        const body = compress(Buffer.from(toJson(good())));
        await expectRefused(() => sendRawTo(api, { body, headers }), UNSUPPORTED);
      });

      it('content coding: a gzip bomb', async () => {
        const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
        const body = gzipSync(Buffer.alloc(HUGE_BODY_BYTES / 4, ' '));
        await expectRefused(() => sendRawTo(api, { body, headers }), UNSUPPORTED);
      });
    });

    it.each([
      ['application/json; charset=utf-8', { 'content-type': 'application/json; charset=utf-8' }],
      ['Application/JSON', { 'content-type': 'Application/JSON' }],
      ['no content coding by name', { 'content-type': 'application/json', 'content-encoding': 'identity' }],
    ])('reads a body that is declared as JSON: %s', async (_, headers) => {
      expect(await sendRawTo(api, { body: toJson(good()), headers })).toMatchObject({ status: 201 });
    });

    describe('limits a body to 64 KiB', () => {
      const JSON_BODY = { 'content-type': 'application/json' };
      const padded = (bytes: number) => toJson(good()).padEnd(bytes, ' ');

      it.each([
        ['with Content-Length', false],
        ['in chunks', true],
      ])('takes 64 KiB %s', async (_, chunked) => {
        const before = await stored();
        const answer = await sendRawTo(api, { body: padded(MAX_BODY_BYTES), chunked, headers: JSON_BODY });
        expect(answer).toMatchObject({ status: 201 });
        expect(await stored()).toEqual({ clients: before.clients + 1, secrets: before.secrets + 1 });
      });

      it.each([
        ['with Content-Length', false],
        ['in chunks', true],
      ])('answers 413 to one byte more %s', async (_, chunked) => {
        await expectRefused(
          () => sendRawTo(api, { body: padded(MAX_BODY_BYTES + 1), chunked, headers: JSON_BODY }),
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
            sendRawTo(api, { bodyBytes: HUGE_BODY_BYTES, chunked, headers: { ...JSON_BODY, ...headers } }),
          TOO_LARGE,
        );
      });

      it.each([
        ['413, with Content-Length', TOO_LARGE, 'application/json', false],
        ['413, in chunks', TOO_LARGE, 'application/json', true],
        ['415, with Content-Length', UNSUPPORTED, 'text/plain', false],
        ['415, in chunks', UNSUPPORTED, 'text/plain', true],
      ])(
        'every sender of 100 MB, in a process of its own, receives its %s',
        async (_, refusal, type, chunked) => {
          const before = await stored();
          const outcomes = await sendFromAnotherProcess({
            url: `${registry.url}${INTERFACES[api].path}`,
            headers: {
              ...credentials(api),
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

  describe('REST', () => {
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
  });

  describe('registration', () => {
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
  });
});
