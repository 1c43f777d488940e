import type { Flows } from '../flows.js';
import { credentialsOf, membersOf, parametersOf } from '../flows.js';
import { FOREIGN_HOST, INJECTED_HEADER } from '../generate/flows.js';
import type { HttpReply, HttpRequest } from '../http-request.js';
import type { Finding } from './finding.js';

/** What tokens and codes look like, whether or not the caller has been told of them. */
const ISSUED = /\boc[afc]_[\w-]{43}(?![\w-])/g;
/** What may be a credential, as `searchable` has it. */
const WORD = /[\w-]{20,}/g;
/** Operations that give a credential, by their status. */
const GIVING = new Set([
  'AuthorizeOAuthClient 303',
  'PushOAuthAuthorizationRequest 201',
  'CreateOAuthGrant 200',
  'IssueOAuthToken 200',
]);

/** Whether a reply breaks a rule of the authorization server. Call it before `flows` has learnt from the reply. */
export function flowFaults(flows: Flows, request: HttpRequest, reply: HttpReply): Finding[] {
  const { label } = request;
  const faults = [...tellingFaults(flows, request, reply), ...redirectFaults(flows, request, reply)];
  if (reply.status < 300) faults.push(...tokenFaults(flows, request, reply));
  if (INJECTED_HEADER in reply.headers) faults.push('has a header of its caller');
  return faults.map((fault) => ({ kind: `${label}: ${fault}`, detail: textOf(reply).slice(0, 500) }));
}

const textOf = ({ headers, text }: HttpReply) => `${Object.values(headers).join(' ')} ${text}`;

/** Credentials are told once, by the reply that gives them; the successors of a refresh token also to its retry. */
function tellingFaults(flows: Flows, request: HttpRequest, reply: HttpReply): string[] {
  const { label, path } = request;
  const text = textOf(reply);
  const told = (text.match(WORD) ?? []).filter((word) => flows.credentials.has(word));
  const isGiving = GIVING.has(`${label} ${reply.status}`);
  const sent = `${path} ${request.body ?? ''}`;
  const unknown = isGiving ? [] : (text.match(ISSUED) ?? []).filter((word) => !sent.includes(word));
  if (told.length === 0 && unknown.length === 0) return [];
  const { refresh_token: refreshToken = '' } = parametersOf(request);
  const isKept = (word: string) =>
    isGiving && (word === refreshToken || flows.successors.get(refreshToken)?.includes(word));
  return told.every(isKept) && unknown.length === 0 ? [] : ['tells a credential of the authorization server'];
}

/** Browsers are sent to the consent page, or to a redirect URI of the client. */
function redirectFaults(flows: Flows, request: HttpRequest, reply: HttpReply): string[] {
  const target = targetOf(request.label, reply);
  if (target === undefined) return [];
  if (!URL.canParse(target)) return ['sends the browser to what is no URL'];
  const { host, hostname, origin, pathname } = new URL(target);
  const sent = parametersOf(request);
  const clientId = flows.with('consentToken', sent.consent_token)?.agentId ?? sent.client_id;
  const isConsentPage =
    request.label === 'AuthorizeOAuthClient' && target.startsWith(`${flows.issuer}/consent?consent_token=`);
  if (isConsentPage) return [];
  const places = [...(flows.redirectUrisOf(clientId) ?? [])]
    .filter((uri) => URL.canParse(uri))
    .map((uri) => new URL(uri));
  const isRegistered = places.some(
    (uri) => uri.pathname === pathname && (uri.origin === origin || uri.hostname === hostname),
  );
  const isForeign = places.length > 0 ? !isRegistered : host.includes(FOREIGN_HOST);
  return isForeign ? ['sends the browser to where the client is not registered'] : [];
}

function targetOf(label: string, reply: HttpReply): string | undefined {
  if (label === 'AuthorizeOAuthClient') return reply.headers.location;
  return label === 'CreateOAuthGrant' ? membersOf(reply).redirect_uri : undefined;
}

/** Codes count once, and for their request alone; what was revoked does not count at all. */
function tokenFaults(flows: Flows, request: HttpRequest, reply: HttpReply): string[] {
  const sent = parametersOf(request);
  const { active } = membersOf(reply);
  const faults: string[] = [];
  if (request.label === 'IssueOAuthToken') {
    const { code, refresh_token: refreshToken } = sent;
    const flow = flows.with('code', code) ?? flows.with('refreshToken', refreshToken);
    if (flow && flow.agentId !== sent.client_id) faults.push('gives tokens of another client');
    if (flow && code !== undefined) {
      if (flows.redeemed.has(code)) faults.push('redeems a code again');
      if (sent.code_verifier !== flow.verifier) faults.push('redeems a code without its verifier');
    }
    if (flows.dead.has(code ?? '') || flows.dead.has(refreshToken ?? ''))
      faults.push('renews what was revoked');
  }
  if (request.label === 'IntrospectOAuthToken' && active === true) {
    const { token = '' } = sent;
    const flow = flows.with('accessToken', token) ?? flows.with('refreshToken', token);
    const isClient = !/^bearer /i.test(credentialsOf(request.headers));
    if (flows.dead.has(token)) faults.push('takes a revoked token for active');
    if (isClient && flow && flow.agentId !== sent.client_id) faults.push('tells a client of foreign tokens');
  }
  return faults;
}

/** Whether a line of a log contains one of the credentials. */
export const tellsCredential = (line: string, credentials: ReadonlySet<string>): boolean =>
  (line.match(WORD) ?? []).some((word) => credentials.has(word));
