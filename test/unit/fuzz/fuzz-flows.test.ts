import { Flows } from '../../../fuzz/flows.js';
import type { HttpReply, HttpRequest } from '../../../fuzz/http-request.js';
import { flowFaults } from '../../../fuzz/oracles/flows.js';

const ISSUER = 'https://issuer.example';
const CALLBACK = 'https://app.example/cb';
const CONSENT_TOKEN = 'consent-token-of-43-characters-0123456789ab';
const token = (prefix: string, n: number) => `${prefix}_${String(n).padStart(43, 'A')}`;
const CODE = token('occ', 1);
const ACCESS = token('oca', 2);
const REFRESH = token('ocf', 3);

const aRequest = (label: string, values: object, overrides: Partial<HttpRequest> = {}): HttpRequest => ({
  label,
  method: 'POST',
  path: '/',
  headers: [],
  body: JSON.stringify(values),
  encoding: 'utf8',
  ...overrides,
});
const aReply = (status: number, body: object, headers: Record<string, string> = {}): HttpReply => ({
  status,
  headers,
  text: JSON.stringify(body),
  durationMs: 1,
});
type Step = [HttpRequest, HttpReply];

const asUser = (request: HttpRequest): HttpRequest => ({
  ...request,
  headers: [['authorization', 'Bearer user']],
});
const redirectUri = (parameters: string, uri = CALLBACK) => ({ redirect_uri: `${uri}?${parameters}` });
const metadata = (id: string) => ({
  client_id: id,
  redirect_uris: [CALLBACK],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
});
const registration = (id: string): Step => [aRequest('RegisterOAuthClient', {}), aReply(201, metadata(id))];
const request = (location: string): Step => [
  aRequest('AuthorizeOAuthClient', {}, { method: 'GET', path: '/?client_id=app', body: null }),
  aReply(303, {}, { location }),
];
const consent: Step = [
  asUser(aRequest('CreateOAuthGrant', { consent_token: CONSENT_TOKEN })),
  aReply(200, redirectUri(`code=${CODE}`)),
];
const introspection: Step = [
  aRequest('IntrospectOAuthToken', { client_id: 'app', token: ACCESS }),
  aReply(200, { active: true }),
];

/** A caller that was given a code for the client `app`, and knows another one. */
function aCaller() {
  const flows = new Flows(ISSUER);
  const observe = ([sent, reply]: Step) => {
    const kinds = flowFaults(flows, sent, reply).map(({ kind }) => kind);
    flows.learn(sent, reply);
    return kinds;
  };
  const first = request(`${ISSUER}/consent?consent_token=${CONSENT_TOKEN}`);
  const before = [registration('app'), registration('other'), first, consent].flatMap(observe);
  const verifier = flows.with('code', CODE)!.verifier;
  const exchange = (
    values: object = {},
    reply: object = { access_token: ACCESS, refresh_token: REFRESH },
  ): Step => [
    aRequest('IssueOAuthToken', { client_id: 'app', code: CODE, code_verifier: verifier, ...values }),
    aReply(200, reply),
  ];
  const refresh = (reply: object): Step => [
    aRequest('IssueOAuthToken', { client_id: 'app', refresh_token: REFRESH }),
    aReply(200, reply),
  ];
  return { flows, observe, before, exchange, refresh, verifier };
}

describe('The fuzzer finds nothing in', () => {
  it('an authorization from the request to its end', () => {
    const { observe, before, exchange, refresh } = aCaller();
    const successors = { access_token: token('oca', 4), refresh_token: token('ocf', 5) };
    const steps = [exchange(), introspection, refresh(successors), refresh(successors)];
    expect([before, steps.map(observe)]).toEqual([[], [[], [], [], []]]);
  });
});

describe('The fuzzer finds', () => {
  it.each<[string, (caller: ReturnType<typeof aCaller>) => Step, string]>([
    [
      'a redirect to a foreign host',
      () => request('https://evil.example/cb?error=x'),
      'AuthorizeOAuthClient: sends the browser to where the client is not registered',
    ],
    [
      'a code for another client',
      ({ exchange }) => exchange({ client_id: 'other' }),
      'IssueOAuthToken: gives tokens of another client',
    ],
    [
      'a code without its verifier',
      ({ exchange }) => exchange({ code_verifier: 'a' }),
      'IssueOAuthToken: redeems a code without its verifier',
    ],
    [
      'a code in an error',
      () => [aRequest('IssueOAuthToken', { code: CODE }), aReply(400, { error: CODE })],
      'IssueOAuthToken: tells a credential of the authorization server',
    ],
    [
      'a verifier in a reply',
      ({ verifier }) => [aRequest('GetOAuthGrant', {}), aReply(200, { verifier })],
      'GetOAuthGrant: tells a credential of the authorization server',
    ],
    [
      'a token that no request asked for',
      () => [aRequest('auditEvents', {}), aReply(200, { data: ACCESS })],
      'auditEvents: tells a credential of the authorization server',
    ],
    [
      'a header that the caller injected',
      () => [aRequest('IssueOAuthToken', {}), aReply(400, {}, { 'x-injected': '1' })],
      'IssueOAuthToken: has a header of its caller',
    ],
  ])('%s', (_, step, kind) => {
    const caller = aCaller();
    expect(caller.observe(step(caller))).toEqual([kind]);
  });

  it('a code that is redeemed again', () => {
    const { flows, observe, exchange } = aCaller();
    flows.redeemed.add(CODE);
    expect(observe(exchange())).toEqual(['IssueOAuthToken: redeems a code again']);
  });

  it('a token of a client that is told to another', () => {
    const { observe, exchange } = aCaller();
    observe(exchange());
    const [sent, reply] = introspection;
    const other = { ...sent, body: JSON.stringify({ client_id: 'other', token: ACCESS }) };
    expect(observe([other, reply])).toEqual(['IntrospectOAuthToken: tells a client of foreign tokens']);
  });

  it.each<[string, Step]>([
    [
      'its user revoked the grant',
      [asUser(aRequest('RevokeOAuthGrant', {})), aReply(200, { data: metadata('app') })],
    ],
    [
      'its client revoked it',
      [aRequest('RevokeOAuthToken', { client_id: 'app', token: ACCESS }), aReply(200, {})],
    ],
    [
      'its client revoked the refresh token',
      [aRequest('RevokeOAuthToken', { client_id: 'app', token: REFRESH }), aReply(200, {})],
    ],
  ])('a token that is active after %s', (_, revocation) => {
    const { observe, exchange } = aCaller();
    observe(exchange());
    observe(revocation);
    expect(observe(introspection)).toEqual(['IntrospectOAuthToken: takes a revoked token for active']);
  });
});
