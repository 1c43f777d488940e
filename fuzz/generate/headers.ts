import fc from 'fast-check';

type Header = readonly [name: string, value: string];

/** Credentials of every kind, most of them invalid. */
const AUTHORIZATIONS = [
  'Bearer {{admin}}',
  'Bearer {{member}}',
  'Bearer {{revoked}}',
  'Bearer {{jwt}}',
  'Bearer {{jwt}}x',
  'Bearer {{token}}',
  'Bearer {{clientSecret}}',
  'Bearer {{accessToken}}',
  '{{clientAuthorization}}',
  'Bearer {{initialAccessToken}}',
  'bearer {{member}}',
  'BEARER   {{member}}',
  'Bearer {{member}} ',
  'Bearer {{member}}, Bearer {{admin}}',
  'Bearer',
  'Bearer ',
  'Bearer null',
  ...Array<string>(8).fill('Bearer {{hostileJwt}}'),
  `Bearer ${'a'.repeat(8_192)}`,
  'Basic e3ttZW1iZXJ9fTo=',
  'Digest username="a"',
  '{{member}}',
  'ocr_',
  '\u00ff\u00fe',
  '',
];

const HEADERS: readonly Header[] = [
  ['accept', 'text/html'],
  ['accept', 'application/graphql-response+json'],
  ['accept', 'multipart/mixed; deferSpec=20220824'],
  ['accept', '*/*;q=0, \u00ff'],
  ['accept-encoding', 'gzip, br, zstd'],
  ['access-control-request-method', 'DELETE'],
  ['apollo-require-preflight', '1'],
  ['connection', 'upgrade, http2-settings'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'identity'],
  ['content-type', ''],
  ['content-type', 'text/plain'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['content-type', 'multipart/form-data; boundary=x'],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'application/json;;;;='],
  ['content-type', 'application/JSON ; charset="utf-8"'],
  ['content-type', 'application/json, text/plain'],
  ['content-type', 'application/jsonp'],
  ['content-type', '/'],
  ['content-type', '\u00ff'],
  ['content-type', `application/json; a=${'b'.repeat(8_000)}`],
  ['cookie', 'a=b; __proto__=c'],
  ['expect', '100-continue'],
  ['expect', 'a miracle'],
  ['forwarded', 'for="[::1]:x";host=evil.example'],
  ['host', ''],
  ['host', 'evil.example'],
  ['host', 'a:b:c'],
  ['if-match', '*'],
  ['if-match', '"{{version}}"'],
  ['if-match', 'W/"{{version}}"'],
  ['if-match', '{{version}}'],
  ['if-match', '"0"'],
  ['if-match', '"9999999999"'],
  ['if-match', `${'"1",'.repeat(3_000)}"{{version}}"`],
  ['if-match', '"'],
  ['if-match', ''],
  ['if-none-match', '*'],
  ['if-modified-since', 'yesterday'],
  ['origin', 'https://evil.example'],
  ['range', 'bytes=0-0'],
  ['te', 'trailers'],
  ['transfer-encoding', 'chunked'],
  ['upgrade', 'websocket'],
  ['upgrade', 'h2c'],
  ['x-forwarded-for', '1.2.3.4, ::1, \u00ff, unknown'],
  ['x-forwarded-for', '1,'.repeat(3_000)],
  ['x-forwarded-host', 'evil.example'],
  ['x-http-method-override', 'DELETE'],
  ['x-apollo-operation-name', 'a'],
  ['a'.repeat(200), 'b'],
  ['x', 'y'.repeat(14_000)],
  ['__proto__', 'polluted'],
  ['constructor', 'polluted'],
];

const others = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Header[]>([]) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...HEADERS), { minLength: 1, maxLength: 3 }) },
);

/**
 * @param usual credentials that the operation accepts, most requests send one of them; null: none
 * @param type the content type; null: there is no body
 */
export function headersWith(usual: readonly (string | null)[], type: string | null): fc.Arbitrary<Header[]> {
  const authorization = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...usual) },
    { weight: 2, arbitrary: fc.constantFrom(...AUTHORIZATIONS) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  const types: Header[] = type === null ? [] : [['content-type', type]];
  return fc
    .tuple(authorization, others)
    .map(([value, more]) => [
      ...(value === null ? [] : [['authorization', value] as const]),
      ...types.filter(([name]) => !more.some(([other]) => other === name)),
      ...more,
    ]);
}
