import { createHash, randomBytes } from 'node:crypto';
import { type HttpReply, type HttpRequest, jsonOf, textOf } from './http-request.js';

/** What a request of the authorization server may need of a client, and of one authorization by a user. */
const NAMES = [
  'agentId',
  'redirectUri',
  'verifier',
  'challenge',
  // How the client authenticates: a header, a parameter, or neither. What it does not use is empty
  'clientAuthorization',
  'postedSecret',
  // Of a client that gets tokens without a user
  'serviceId',
  'requestUri',
  'consentToken',
  'code',
  'accessToken',
  'refreshToken',
  'grantId',
] as const;
type Name = (typeof NAMES)[number];

export interface Flow extends Partial<Record<Name, string>> {
  agentId: string;
  /** The credential of the user that decided. */
  user?: string;
  /** Rejected requests since the last one that succeeded. */
  failures: number;
}

/** Members of the replies that matter here. */
interface Reply {
  client_id?: string;
  client_secret?: string;
  client_type?: string;
  redirect_uris?: string[];
  grant_types?: string[];
  allowed_grant_types?: string[];
  token_endpoint_auth_method?: string;
  request_uri?: string;
  redirect_uri?: string;
  access_token?: string;
  refresh_token?: string;
  active?: boolean;
  id?: string;
}

const MAX_KEPT = 24;
/** Most requests are about the newest ones: codes expire. */
const NEWEST = 4;
/** More than the deliberate mistakes of requests make in a row. */
const MAX_FAILURES = 4;
/** As rarely as elsewhere, a value is sent that was used up or revoked. */
const OLD_EVERY = 8;

const REGISTERING = new Set(['RegisterOAuthClient', 'CreateOAuthClient']);

/** Members of a JSON reply, or of its `data`. */
export function membersOf(reply: HttpReply): Reply {
  const json = jsonOf(reply) as (Reply & { data?: Reply }) | null | undefined;
  return json?.data ?? json ?? {};
}

/** What a request was about: its query or body, and the client of a Basic header. */
export function parametersOf({ path, headers, body }: HttpRequest): Partial<Record<string, string>> {
  const basic = /^Basic ([\w+/=]+)$/.exec(credentialsOf(headers))?.[1];
  const [id] = Buffer.from(basic ?? '', 'base64')
    .toString()
    .split(':', 1);
  const query = new URLSearchParams(/\?(.*)/.exec(path)?.[1]);
  return { ...Object.fromEntries(query), ...bodyOf(body ?? ''), ...(id && { client_id: id }) };
}

function bodyOf(body: string): object {
  try {
    return JSON.parse(body) as object;
  } catch {
    return Object.fromEntries(new URLSearchParams(body));
  }
}

export const credentialsOf = (headers: HttpRequest['headers']): string =>
  headers.find(([name]) => name === 'authorization')?.[1].trim() ?? '';

/** The user, however the header is written. */
const userOf = ({ headers }: HttpRequest) => credentialsOf(headers).split(' ').at(-1)!;

/** The part of a credential by which a text is searched for it: all of it, the identifier of a request URI, the signature of a JWT. */
export const searchable = (credential: string) => /[\w-]+$/.exec(credential)?.[0] ?? credential;

/** What a request to the authorization server achieved: for statistics. Null: nothing. Call it before `flows` has learnt from the reply. */
export function outcomeOf(flows: Flows, request: HttpRequest, reply: HttpReply): string | null {
  const { label } = request;
  const { status, headers } = reply;
  if (status >= 400) return null;
  switch (label) {
    case 'AuthorizeOAuthClient':
      return headers.location?.includes('consent_token=') ? 'request' : null;
    case 'PushOAuthAuthorizationRequest':
      return 'pushed request';
    case 'CreateOAuthGrant':
      return codeIn(reply) === null ? 'denial' : 'consent';
    case 'IssueOAuthToken':
      return parametersOf(request).grant_type ?? null;
    case 'IntrospectOAuthToken':
      return membersOf(reply).active === true ? 'active token' : 'inactive token';
    case 'RevokeOAuthToken':
      return flows.isOwn(parametersOf(request)) ? 'revocation' : null;
    case 'RevokeOAuthGrant':
      return 'revoked grant';
    default:
      return null;
  }
}

function codeIn(reply: HttpReply): string | null {
  const uri = membersOf(reply).redirect_uri ?? '';
  return URL.canParse(uri) ? new URL(uri).searchParams.get('code') : null;
}

/** What one caller holds of the authorization server: clients, and how far their authorizations have come. */
export class Flows {
  /** Clients alone. */
  private readonly agents: Flow[] = [];
  private readonly flows: Flow[] = [];
  /** Every credential that was told, as it is searched for, and those that only the caller knows. */
  readonly credentials = new Set<string>();
  readonly redeemed = new Set<string>();
  /** Codes and tokens that were revoked, or whose grant was. */
  readonly dead = new Set<string>();
  /** By refresh token: the reply that replaced it. A retry gets it again. */
  readonly successors = new Map<string, string>();
  private readonly redirectUris = new Map<string, Set<string>>();

  /** @param issuer of the tokens; the built-in consent page is there, too */
  constructor(readonly issuer: string) {}

  /** Values for a request, from the newest authorizations that have everything that it names. */
  valuesFor(text: string, focus: number): Partial<Record<string, string>> {
    const fitting = this.fitting(text);
    const candidates = focus % OLD_EVERY === 0 ? fitting : fitting.slice(-NEWEST);
    const flow = pick(candidates, focus) ?? pick(this.agents, focus);
    const others = this.agents.filter(({ agentId }) => agentId !== flow?.agentId);
    return { ...flow, failures: undefined, otherAgentId: pick(others, focus)?.agentId };
  }

  /** The request, or the one before it for which everything is there. */
  possible(request: HttpRequest): HttpRequest {
    const { previous } = request;
    return previous === undefined || this.fitting(textOf(request)).length > 0
      ? request
      : this.possible(previous);
  }

  private fitting(text: string): Flow[] {
    const needs = NAMES.filter((name) => text.includes(`{{${name}}}`));
    return [...this.agents, ...this.flows].filter((flow) => needs.every((name) => flow[name] !== undefined));
  }

  /** The authorization that has a value. */
  with(name: Name, value: string | undefined): Flow | undefined {
    return value === undefined ? undefined : this.flows.findLast((flow) => flow[name] === value);
  }

  /** Whether a request names a token of the client that sends it, and that was not revoked before. */
  isOwn({ token, client_id: clientId }: Partial<Record<string, string>>): boolean {
    const flow = this.with('refreshToken', token) ?? this.with('accessToken', token);
    return flow !== undefined && flow.agentId === clientId && !this.dead.has(token!);
  }

  /** The redirect URIs that a client has or had; undefined: not known. */
  redirectUrisOf(clientId: string | undefined): ReadonlySet<string> | undefined {
    return this.redirectUris.get(clientId ?? '');
  }

  /** Notes what a reply gives, and what it ends. */
  learn(request: HttpRequest, reply: HttpReply): void {
    const { label } = request;
    if (reply.status >= 400) return this.learnFailure(request);
    if (REGISTERING.has(label)) this.learnAgent(membersOf(reply));
    const sent = parametersOf(request);
    const agent = this.agents.find(({ agentId }) => agentId === sent.client_id);
    const { location } = reply.headers;
    const told = membersOf(reply);
    switch (label) {
      case 'AuthorizeOAuthClient': {
        const consentToken = /[?&]consent_token=([^&]+)/.exec(location ?? '')?.[1];
        if (consentToken !== undefined && agent) this.begin(agent, { consentToken });
        break;
      }
      case 'PushOAuthAuthorizationRequest':
        if (agent) this.begin(agent, { requestUri: told.request_uri! });
        break;
      case 'CreateOAuthGrant': {
        const flow = this.with('consentToken', sent.consent_token);
        const code = codeIn(reply) ?? undefined;
        if (flow) this.update(flow, { consentToken: undefined, code, user: userOf(request) });
        break;
      }
      case 'IssueOAuthToken':
        this.learnTokens(sent, told, reply.text, agent);
        break;
      case 'RevokeOAuthToken': {
        if (!this.isOwn(sent)) break;
        const ofRefresh = this.with('refreshToken', sent.token);
        if (ofRefresh) this.end(ofRefresh);
        else this.dead.add(sent.token!);
        break;
      }
      case 'ListOAuthGrants':
        for (const grant of told as readonly Reply[]) this.learnGrant(grant, userOf(request));
        break;
      case 'RevokeOAuthGrant':
        for (const flow of [...this.flows])
          if (flow.agentId === told.client_id && flow.user === userOf(request)) this.end(flow);
        break;
      default:
    }
  }

  private learnAgent({
    client_id: agentId = '',
    client_secret: secret,
    redirect_uris: uris,
    ...rest
  }: Reply): void {
    const redirectUri = uris?.[0];
    if (redirectUri === undefined) return;
    this.redirectUris.set(agentId, new Set(uris));
    const grantTypes = rest.grant_types ?? rest.allowed_grant_types ?? [];
    if (!grantTypes.includes('authorization_code')) return;
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    this.credentials.add(verifier);
    const method = rest.token_endpoint_auth_method ?? (secret ? 'client_secret_basic' : 'none');
    keep(this.agents, {
      agentId,
      redirectUri,
      verifier,
      challenge,
      failures: 0,
      clientAuthorization: method === 'client_secret_basic' ? basicOf(agentId, secret) : '',
      postedSecret: method === 'client_secret_post' ? secret : '',
      ...(grantTypes.includes('client_credentials') && rest.client_type && { serviceId: agentId }),
    });
  }

  private begin(agent: Flow, values: Partial<Flow>): void {
    agent.failures = 0;
    const flow = { ...agent };
    keep(this.flows, flow);
    this.update(flow, values);
  }

  private update(flow: Flow, values: Partial<Flow>): void {
    Object.assign(flow, values, { failures: 0 });
    for (const name of ['requestUri', 'consentToken', 'code', 'accessToken', 'refreshToken'] as const) {
      if (values[name]) this.credentials.add(searchable(values[name]));
    }
  }

  private learnTokens(
    sent: Partial<Record<string, string>>,
    { access_token: accessToken, refresh_token: refreshToken }: Reply,
    text: string,
    agent: Flow | undefined,
  ): void {
    const { code, refresh_token: replaced } = sent;
    const flow = this.with('code', code) ?? this.with('refreshToken', replaced);
    if (code !== undefined) this.redeemed.add(code);
    if (replaced !== undefined) this.successors.set(replaced, text);
    if (flow) {
      // Now and then it is sent again
      if (code !== undefined && this.redeemed.size % OLD_EVERY !== 0) flow.code = undefined;
      const next = { ...(replaced !== undefined && this.successors.size % OLD_EVERY === 0 && { ...flow }) };
      this.update(flow, { accessToken, refreshToken: refreshToken ?? flow.refreshToken });
      if (next.agentId !== undefined) keep(this.flows, next as Flow);
    } else if (agent) this.begin(agent, { accessToken });
  }

  private learnGrant({ id, client_id: clientId }: Reply, user: string): void {
    for (const flow of this.flows) if (flow.agentId === clientId && flow.user === user) flow.grantId = id;
  }

  /** Its codes and tokens must not work any more. They are sent now and then. */
  private end(flow: Flow): void {
    for (const name of ['code', 'accessToken', 'refreshToken'] as const) {
      if (flow[name]) this.dead.add(flow[name]);
    }
    this.flows.splice(this.flows.indexOf(flow), 1);
    this.flows.unshift(flow);
  }

  private learnFailure(request: HttpRequest): void {
    const sent = parametersOf(request);
    const flow =
      this.with('code', sent.code) ??
      this.with('refreshToken', sent.refresh_token) ??
      this.with('consentToken', sent.consent_token);
    const failing = flow ?? this.agents.find(({ agentId }) => agentId === sent.client_id);
    if (failing === undefined || ++failing.failures < MAX_FAILURES) return;
    const list = flow ? this.flows : this.agents;
    list.splice(list.indexOf(failing), 1);
  }
}

const basicOf = (id: string, secret = '') => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

const pick = <T>(items: readonly T[], focus: number): T | undefined => items[focus % items.length];

function keep(list: Flow[], flow: Flow): void {
  list.push(flow);
  if (list.length > MAX_KEPT) list.shift();
}
