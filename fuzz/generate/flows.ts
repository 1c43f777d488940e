import fc from 'fast-check';
import type { HttpRequest } from '../http-request.js';
import { headersWith } from './headers.js';
import { hostileString } from './hostile.js';

type Parameters = readonly (readonly [name: string, value: string])[];

interface Step {
  label: string;
  method: string;
  path: string;
  /** In the query of a GET, else in the body. */
  parameters: Parameters;
  /** Who calls: a client that authenticates, a user, or a browser without credentials. */
  caller: 'client' | 'user' | 'browser';
}

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
/** A host at which no client is registered. */
export const FOREIGN_HOST = 'evil.example';
/** A header that no reply has, unless a value broke out of another. */
export const INJECTED_HEADER = 'x-injected';

const REQUEST: Parameters = [
  ['response_type', 'code'],
  ['redirect_uri', '{{redirectUri}}'],
  ['code_challenge', '{{challenge}}'],
  ['code_challenge_method', 'S256'],
  ['state', 'xyz'],
];
/** The second gets tokens that are JWTs. */
export const RESOURCES = ['https://api.example', 'https://jwt.example'] as const;
const WITH_SCOPE: Parameters = [...REQUEST, ['scope', 'read']];

const step = (caller: Step['caller'], label: string, target: string, parameters: Parameters = []): Step => {
  const [method = '', path = ''] = target.split(' ');
  return { label, method, path, parameters, caller };
};
const authorize = (parameters: Parameters) =>
  step('browser', 'AuthorizeOAuthClient', 'GET /v2/oauth/authorize', [
    ['client_id', '{{agentId}}'],
    ...parameters,
  ]);
const token = (grantType: string, parameters: Parameters) =>
  step('client', 'IssueOAuthToken', 'POST /v2/oauth/token', [['grant_type', grantType], ...parameters]);
const reference = (caller: Step['caller'], what: 'introspect' | 'revoke', value: string) =>
  step(caller, `${what === 'revoke' ? 'Revoke' : 'Introspect'}OAuthToken`, `POST /v2/oauth/${what}`, [
    ['token', value],
  ]);

const AUTHORIZE = authorize(REQUEST);
const PUSH = step('client', 'PushOAuthAuthorizationRequest', 'POST /v2/oauth/par', WITH_SCOPE);
const DECIDE = step('user', 'CreateOAuthGrant', 'POST /v2/oauth/grants', [
  ['consent_token', '{{consentToken}}'],
  ['allowed', 'true'],
]);
const EXCHANGE = token('authorization_code', [
  ['code', '{{code}}'],
  ['redirect_uri', '{{redirectUri}}'],
  ['code_verifier', '{{verifier}}'],
]);
const LIST = step('user', 'ListOAuthGrants', 'GET /v2/oauth/grants');

/** The step that gives a value. */
const BEFORE: Partial<Record<string, Step>> = {
  requestUri: PUSH,
  consentToken: AUTHORIZE,
  code: DECIDE,
  accessToken: EXCHANGE,
  refreshToken: EXCHANGE,
  grantId: LIST,
};

/** Steps of an authorization, from the request of the client to the end of the grant, each with its weight. */
const STEPS: readonly (readonly [weight: number, step: Step])[] = [
  [3, AUTHORIZE],
  [1, authorize(WITH_SCOPE)],
  [1, authorize([...REQUEST, ['resource', RESOURCES[1]]])],
  [2, authorize([['request_uri', '{{requestUri}}']])],
  [2, PUSH],
  [1, step('user', 'GetOAuthConsent', 'GET /v2/oauth/consent/{{consentToken}}')],
  [6, DECIDE],
  [6, EXCHANGE],
  [4, token('refresh_token', [['refresh_token', '{{refreshToken}}']])],
  [1, token('client_credentials', [['client_id', '{{serviceId}}']])],
  [3, reference('client', 'introspect', '{{accessToken}}')],
  [1, reference('client', 'introspect', '{{refreshToken}}')],
  [2, reference('user', 'introspect', '{{accessToken}}')],
  [1, reference('client', 'revoke', '{{accessToken}}')],
  [1, reference('client', 'revoke', '{{refreshToken}}')],
  [1, LIST],
  [1, step('user', 'GetOAuthGrant', 'GET /v2/oauth_grants/{{grantId}}')],
  [1, step('user', 'RevokeOAuthGrant', 'DELETE /v2/oauth/grants/{{grantId}}')],
];

/** Of every client that authenticates. One that is empty counts as omitted. */
const CLIENT: Parameters = [
  ['client_id', '{{agentId}}'],
  ['client_secret', '{{postedSecret}}'],
];
const AUTHORIZATIONS: Record<Step['caller'], readonly (string | null)[]> = {
  client: ['{{clientAuthorization}}'],
  user: [...Array<string>(8).fill('Bearer {{member}}'), 'Bearer {{admin}}', 'Bearer {{jwt}}'],
  browser: [null],
};

type Mutation = (parameters: Parameters, place: number) => Parameters;

const set =
  (name: string, value: string): Mutation =>
  (parameters) => [...parameters.filter(([each]) => each !== name), [name, value]];
const appended =
  (...more: Parameters): Mutation =>
  (parameters) => [...parameters, ...more];
const replaced =
  (value: string): Mutation =>
  (parameters, place) =>
    parameters.map(([name, old], i) => [name, i === place % parameters.length ? value : old]);

/** Mistakes in any request. */
const GENERAL_MUTATIONS: readonly Mutation[] = [
  (parameters, place) => parameters.filter((_, i) => i !== place % parameters.length),
  (parameters, place) => [...parameters, ...parameters.slice(place % parameters.length).slice(0, 1)],
  (parameters, place) => [
    ...parameters,
    ...parameters.slice(place % parameters.length).map(([name]) => [name, 'x'] as const),
  ],
];
/** Mistakes and attacks of clients. */
const MUTATIONS: readonly Mutation[] = [
  set('client_id', '{{otherAgentId}}'),
  appended(['client_secret', 'x']),
  set('client_secret', '{{verifier}}'),
  set('client_assertion', '{{jwt}}'),
  set('state', 's'.repeat(64 * 1024)),
  set('state', 's'.repeat(4_096)),
  set('state', `a\r\n${INJECTED_HEADER}: 1\r\n\r\n<script>`),
  set('state', '\ud800\u0000ü&iss=https://evil.example#'),
  set('scope', 'read '.repeat(2_000)),
  set('scope', Array.from({ length: 3_000 }, (_, i) => `s${i}`).join(' ')),
  set('scope', 'read admin openid offline_access'),
  set('scope', ' '),
  set('redirect_uri', `https://${FOREIGN_HOST}/cb`),
  set('redirect_uri', `{{redirectUri}}.${FOREIGN_HOST}`),
  set('redirect_uri', `{{redirectUri}}@${FOREIGN_HOST}/`),
  set('redirect_uri', `{{redirectUri}}/../x`),
  set('redirect_uri', `https://${FOREIGN_HOST}\\@{{redirectUri}}`),
  set('redirect_uri', '//evil.example'),
  set('redirect_uri', 'http://127.0.0.1:99999/cb'),
  set('redirect_uri', 'http://127.0.0.1:4711/cb'),
  set('code_verifier', 'a'.repeat(43)),
  set('code_verifier', '{{challenge}}'),
  set('code_challenge_method', 'plain'),
  set('code_challenge', 'é'.repeat(43)),
  set('response_type', 'code token'),
  set('response_mode', 'form_post'),
  set('prompt', 'none'),
  set('prompt', 'login consent'),
  set('request', '{{jwt}}'),
  set('dpop_jkt', 'a'.repeat(43)),
  set('max_age', '0'),
  set('claims', '{"id_token":null}'),
  set('grant_type', 'implicit'),
  set('grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'),
  set('token_type_hint', 'refresh_token'),
  set('token', '{{code}}'),
  set('token', '{{consentToken}}'),
  set('code', '{{refreshToken}}'),
  set('refresh_token', '{{accessToken}}'),
  ...RESOURCES.map((resource) => set('resource', resource)),
  appended(['resource', RESOURCES[0]], ['resource', RESOURCES[1]]),
  set('resource', `https://${FOREIGN_HOST}`),
  set('resource', 'https://api.example/#fragment'),
];

const generalMutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constantFrom(...GENERAL_MUTATIONS),
  // What a caller knows of others would be sent as a parameter that is returned
  hostileString.map((text) => replaced(text.startsWith('{{') ? '' : text)),
);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...MUTATIONS) },
  { weight: 1, arbitrary: generalMutation },
);

/** The placeholders of a value are not encoded: what they represent needs no encoding. */
const encode = (value: string) =>
  value
    .split(/(\{\{\w+\}\})/)
    .map((part, i) => (i % 2 === 1 ? part : encodeURIComponent(part.toWellFormed())))
    .join('');

const toForm = (parameters: Parameters) =>
  parameters.map(([name, value]) => `${name}=${encode(value)}`).join('&');

const chance = <T>(oneIn: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** The parameters of a step, with those that authenticate its client. */
function parametersOf({ parameters, caller }: Step): Parameters {
  if (caller !== 'client') return parameters;
  const isGiven = (name: string) => parameters.some(([each]) => each === name);
  return [...CLIENT.filter(([name]) => !isGiven(name)), ...parameters];
}

/** A request of a step, and the one before it. */
function toRequest(
  { label, method, path, caller }: Step,
  sent: Parameters,
  isJson: boolean,
  headers: HttpRequest['headers'] | null,
): HttpRequest {
  const members = Object.fromEntries<string | boolean>(sent);
  if (members.allowed !== undefined) members.allowed = members.allowed === 'true';
  const query = method === 'GET' && sent.length > 0 ? `?${toForm(sent)}` : '';
  const [usual] = AUTHORIZATIONS[caller];
  const needs = Object.keys(BEFORE).find((name) => `${path} ${toForm(sent)}`.includes(`{{${name}}}`));
  const before = BEFORE[needs ?? ''];
  return {
    label,
    method,
    path: path + query,
    headers: headers ?? [
      ...(usual ? [['authorization', usual] as const] : []),
      ['content-type', isJson ? JSON_TYPE : FORM],
    ],
    body: method !== 'POST' ? null : isJson ? JSON.stringify(members) : toForm(sent),
    encoding: 'utf8',
    ...(before && { previous: plainRequest(before) }),
  };
}

const plainRequests = new Map<Step, HttpRequest>();

/** A request of a step without a mistake. */
function plainRequest(step: Step): HttpRequest {
  const made = plainRequests.get(step) ?? toRequest(step, parametersOf(step), step === DECIDE, null);
  plainRequests.set(step, made);
  return made;
}

function requestsOf(step: Step): fc.Arbitrary<HttpRequest> {
  const all = parametersOf(step);
  const isDecision = step.label === DECIDE.label;
  return fc
    .record({
      spoilt: chance(4, fc.tuple(step.caller === 'user' ? generalMutation : mutation, fc.nat({ max: 20 }))),
      isJson: chance(5, fc.constant(true)).map((isJson) => isJson ?? isDecision),
      isDenied: chance(10, fc.constant(true)),
    })
    .chain(({ spoilt, isJson, isDenied }) => {
      const decided = isDecision && isDenied ? set('allowed', 'false')(all, 0) : all;
      const sent = spoilt === null ? decided : spoilt[0](decided, spoilt[1]);
      const type = step.method === 'POST' ? (isJson ? JSON_TYPE : FORM) : null;
      return headersWith(AUTHORIZATIONS[step.caller], type).map((headers) =>
        toRequest(step, sent, isJson, headers),
      );
    });
}

/** Requests to the authorization server that carry on what earlier ones have begun: most of them valid, the others with one mistake. */
export const flowRequests: fc.Arbitrary<HttpRequest> = fc.oneof(
  ...STEPS.map(([weight, each]) => ({ weight, arbitrary: requestsOf(each) })),
);
