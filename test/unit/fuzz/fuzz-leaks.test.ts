import { Flows } from '../../../fuzz/flows.js';
import type { HttpReply, HttpRequest } from '../../../fuzz/http-request.js';
import { Known } from '../../../fuzz/known.js';
import { OpenApiDocument } from '../../../fuzz/openapi-document.js';
import { httpOracle } from '../../../fuzz/oracles/http.js';
import { leaks } from '../../../fuzz/oracles/leaks.js';

const SECRET = 'cQmc67yrRbRUDFq735UnFUyZ7EC-jA6BIPuv6YKeeUI';
const NEVER_SEEN = '120zUOqXj-7I8H5_UAzpgV3ZYcMbx6OQhkQpoRpZ7M8';

const aRequest = (overrides: Partial<HttpRequest> = {}): HttpRequest => ({
  label: 'GetOAuthClient',
  method: 'GET',
  path: '/v2/oauth/clients/1',
  headers: [],
  body: null,
  encoding: 'utf8',
  ...overrides,
});
const QUERY = aRequest({ label: 'oauthClient', method: 'POST', body: '{"query":"query { oauthClient }"}' });
const MUTATION = aRequest({ label: 'x', method: 'POST', body: '{"query":"mutation { x }"}' });
const aReply = (body: object, headers: Record<string, string> = {}): HttpReply => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  text: JSON.stringify(body),
  durationMs: 1,
});

/** A caller that received `SECRET`. */
function aCaller(): Known {
  const credentials = { admin: '', member: '', orgId: '', revoked: '', jwt: '', softwareStatement: '' };
  const caller = new Known(credentials, [], new Flows('https://issuer.example'));
  caller.learn(aRequest({ label: 'CreateOAuthClient', method: 'POST' }), aReply({ client_secret: SECRET }));
  return caller;
}
const judge = (request: HttpRequest, body: object, planted: readonly string[]) =>
  leaks(aCaller(), new Set(planted), request, aReply(body)).map(({ kind }) => kind);

describe('the fuzzer finds', () => {
  it.each<[string, HttpRequest, object, string]>([
    [
      'in a scope',
      aRequest(),
      { data: { allowed_scopes: [SECRET] } },
      'GetOAuthClient: tells a secret again',
    ],
    ['as a secret', aRequest(), { data: { client_secret: SECRET } }, 'GetOAuthClient: tells a secret again'],
    ['to a query', QUERY, { data: { a: { name: SECRET } } }, 'oauthClient: tells a secret again'],
    ['to a mutation', MUTATION, { data: { a: { name: SECRET } } }, 'x: tells a secret again'],
    ['of others', aRequest(), { data: { name: NEVER_SEEN } }, 'GetOAuthClient: tells a secret'],
  ])('a secret that is repeated: %s', (_, request, body, kind) => {
    expect(judge(request, body, [])).toEqual([kind]);
  });

  it.each<[string, HttpRequest, object]>([
    ['REST', aRequest(), { data: { client_secret: SECRET } }],
    ['a registration', aRequest(), { registration_access_token: SECRET }],
    ['a query', QUERY, { data: { clientSecret: SECRET } }],
    ['a query with an alias', QUERY, { data: { alias_clientSecret: SECRET } }],
    ['a mutation', MUTATION, { data: { reissue: { registrationAccessToken: SECRET } } }],
    ['a key', MUTATION, { data: { createApiKey: { value: SECRET } } }],
    ['beside the scope', aRequest(), { data: { allowed_scopes: [SECRET], client_secret: SECRET } }],
  ])('one that is repeated as a secret, although it was planted, too: %s', (_, request, body) => {
    expect(judge(request, body, [SECRET])).toContain(`${request.label}: tells a secret again`);
  });

  it('one next to what was planted', () => {
    const body = { data: { allowed_scopes: [SECRET], name: NEVER_SEEN } };
    expect(judge(aRequest(), body, [SECRET])).toEqual(['GetOAuthClient: tells a secret']);
  });
});

describe('the fuzzer knows what it planted itself', () => {
  it.each<[string, HttpRequest, object]>([
    ['REST', aRequest(), { data: { allowed_scopes: ['a', SECRET], client_secret: null } }],
    ['a registration', aRequest(), { scope: `a ${SECRET}` }],
    ['a query', QUERY, { data: { oauthClient: { alias_allowedScopes: [SECRET] } } }],
    ['a mutation', MUTATION, { data: { disable: { client: { name: SECRET } } } }],
    [
      'a translation',
      QUERY,
      { data: { oauthClient: { alias_translations: [{ member: 'client_name#ja', value: SECRET }] } } },
    ],
  ])('%s', (_, request, body) => {
    expect(judge(request, body, [SECRET])).toEqual([]);
  });
});

describe('caches', () => {
  const document = new OpenApiDocument({ paths: {}, components: { schemas: {}, responses: {} } });
  const findings = (body: object, planted: readonly string[], headers: Record<string, string> = {}) =>
    httpOracle(document, new Set(planted))(aRequest(), aReply(body, headers)).map(({ kind }) => kind);

  it('must not keep a secret', () => {
    const found = ['REST: lets caches keep a secret'];
    expect(findings({ client_secret: SECRET }, [])).toEqual(found);
    expect(findings({ client_secret: SECRET }, [SECRET])).toEqual(found);
    expect(findings({ allowed_scopes: [SECRET] }, [])).toEqual(found);
  });

  it('may keep planted text; a reply with no-store may contain secrets', () => {
    expect(findings({ allowed_scopes: [SECRET] }, [SECRET])).toEqual([]);
    expect(findings({ client_secret: SECRET }, [], { 'cache-control': 'no-store' })).toEqual([]);
  });
});
