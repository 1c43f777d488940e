import fc from 'fast-check';
import type { HttpRequest } from '../http-request.js';
import { headersWith } from './headers.js';
import { hostileString } from './hostile.js';
import { textsOf } from './json-text.js';
import { type JsonSchema, valuesOf } from './json-schema.js';
import type { OpenApiDocument, Operation, Parameter } from '../openapi-document.js';

/** Values of parameters and members by name, from what a caller knows. */
const KNOWN_VALUES: Partial<Record<string, readonly string[]>> = {
  client_id: ['{{clientId}}'],
  secret_id: ['{{secretId}}'],
  id: ['{{grantId}}'],
  consent_token: ['{{consentToken}}'],
  request_uri: ['{{requestUri}}'],
  'If-Match': ['"{{version}}"', '*', '"1", "{{version}}"'],
  force: ['true', 'false'],
  'page[number]': ['1', '2', '1000000'],
  'page[size]': ['1', '20', '100'],
  'filter[client_id]': ['{{clientId}}'],
  'filter[name][contains]': ['a', '%', 'ü'],
  'filter[client_type]': ['public', 'confidential'],
  'filter[allowed_grant_types][contains]': ['authorization_code', 'client_credentials'],
  'filter[verified]': ['true', 'false'],
};

/** The path of the contract, and its alias that the document speaks of. */
const ALIAS = ['/v2/oauth/clients', '/v2/oauth_clients'] as const;

const STRAY_QUERIES = [
  '?',
  '?&&&=',
  '?%',
  '?%zz=%ff',
  '?a[b]=1&a[b]=2',
  '?dry_run=true',
  '?dry_run=maybe',
  '?dry_run=true&dry_run=true',
  '?__proto__[polluted]=1',
  '?page[size]=1&page[size]=2',
  '?page=1',
  '?page[]=1',
  '?page[number][x]=1',
  `?${'a&'.repeat(5_000)}`,
  `?${Array.from({ length: 1_200 }, (_, i) => `a${i}=1`).join('&')}`,
  `?filter[name]=${'%00'.repeat(10)}`,
  `?filter[name]=${'x'.repeat(12_000)}`,
  '#fragment',
];

const encode = (text: string) => encodeURIComponent(text.toWellFormed());

/** A secret in a URL is disclosed to every log on the way. */
const withoutSecrets = (text: string) => (text.startsWith('{{') ? '' : text);

function valueOf({ name }: Parameter): fc.Arbitrary<string> {
  const known = KNOWN_VALUES[name];
  const usual = known ? fc.constantFrom(...known) : fc.constantFrom('a', 'admin');
  return fc.oneof(
    { weight: 7, arbitrary: usual },
    { weight: 1, arbitrary: hostileString.map(withoutSecrets) },
  );
}

/** A placeholder is not encoded; other text is. */
const encodeValue = (text: string) => (/^\{\{\w+\}\}$/.test(text) ? text : encode(text));

/** Other characters are not HTTP (see raw-http.ts). */
const inHeader = (text: string) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');

function pathOf({ path, parameters }: Operation): fc.Arbitrary<string> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const query = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .record(Object.fromEntries(inQuery.map((parameter) => [parameter.name, valueOf(parameter)])), {
          requiredKeys: [],
          noNullPrototype: true,
        })
        .map((values) => {
          const pairs = Object.entries(values).map(
            ([name, value]) => `${name}=${encodeValue(String(value))}`,
          );
          return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
        }),
    },
    { weight: 1, arbitrary: fc.constantFrom(...STRAY_QUERIES) },
  );
  return fc
    .tuple(fc.tuple(...inPath.map(valueOf)), query, fc.constantFrom(ALIAS[0], ALIAS[0], ALIAS[1]))
    .map(([values, search, prefix]) => {
      const filled = inPath.reduce(
        (text, { name }, i) => text.replace(`{${name}}`, () => encodeValue(values[i]!)),
        path,
      );
      return filled.replace(ALIAS[0], prefix) + search;
    });
}

/** Operations that take a software statement. */
const REGISTERING = new Set(['RegisterOAuthClient', 'UpdateOAuthRegistration']);

function bodyOf(operation: Operation, document: OpenApiDocument): fc.Arbitrary<string | null> {
  if (operation.requestSchema === null)
    return fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, fc.constant('{}'));
  const values = valuesOf(operation.requestSchema, (ref) => document.resolve(ref) as JsonSchema);
  // RFC 7592 §2.2: a replacement names the client that it is about
  const isReplacement = operation.id === 'UpdateOAuthRegistration';
  const bodies = isReplacement
    ? values.map((value) => ({ ...(value as object), client_id: '{{clientId}}' }))
    : values;
  // RFC 7591 §2.3: a schema says of it only that it is a string
  const statements = bodies.map((value) => ({ ...(value as object), software_statement: '{{hostileJwt}}' }));
  return fc.oneof(
    { weight: 20, arbitrary: textsOf(bodies) },
    { weight: REGISTERING.has(operation.id) ? 6 : 0, arbitrary: textsOf(statements) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

function requestsOf(operation: Operation, document: OpenApiDocument): fc.Arbitrary<HttpRequest> {
  const hasToken = operation.parameters.some(({ name }) => name === 'Authorization');
  const isOpen = !hasToken && !operation.isSecured;
  const usual = hasToken
    ? ['Bearer {{token}}']
    : isOpen
      ? ['Bearer {{member}}', 'Bearer {{initialAccessToken}}', 'Bearer {{jwt}}']
      : ['Bearer {{member}}', 'Bearer {{member}}', 'Bearer {{admin}}', 'Bearer {{jwt}}'];
  const ifMatch = operation.parameters.find(({ name }) => name === 'If-Match');
  return fc
    .record({
      path: pathOf(operation),
      body: bodyOf(operation, document),
      headers: headersWith(usual, operation.requestSchema === null ? null : 'application/json'),
      ifMatch: ifMatch ? fc.option(valueOf(ifMatch).map(inHeader)) : fc.constant(null),
      encoding: fc.oneof(
        { weight: 40, arbitrary: fc.constant('utf8' as const) },
        { weight: 1, arbitrary: fc.constantFrom('latin1' as const, 'utf16le' as const) },
      ),
      // A caller without credentials may register
      isAnonymous: isOpen ? fc.boolean() : fc.constant(false),
    })
    .map(({ path, body, headers, ifMatch, encoding, isAnonymous }) => ({
      label: operation.id,
      method: operation.method,
      path,
      headers: [
        ...headers.filter(([name]) => !(isAnonymous && name === 'authorization')),
        ...(ifMatch === null ? [] : [['if-match', ifMatch] as const]),
      ],
      body,
      encoding,
    }));
}

/** Requests to every operation of the document, most of them valid or nearly so. */
export function restRequests(document: OpenApiDocument): fc.Arbitrary<HttpRequest> {
  return fc.oneof(...document.operations.map((operation) => requestsOf(operation, document)));
}
