import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import type { RequestContext } from '../../audit/audit-event.js';
import { type Client, isUsable } from '../../clients/client/client.js';
import { ClientLookupRepository } from '../../clients/client/client-lookup.repository.js';
import { CONSENT_PATH } from '../../config/paths.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { type ErrorCode, RegistryError } from '../../errors/registry-error.js';
import { splitScope } from '../../policy/grants/scope.js';
import { isRegisteredRedirectUri, redirectUriFault } from '../../policy/uris/redirect-uri.js';
import { knownUrl } from '../../policy/uris/uri.js';
import { AuthorizationEngine, CONSENT_REPLY } from '../engine/authorization-engine.js';
import { engineError, type EngineReply } from '../engine/exchange.js';
import { hashSecret } from '../../secrets/secret.js';
import type { KnownResources } from '../resources/known-resources.js';
import { ResourcesService } from '../resources/resources.service.js';
import { NO_SCOPES, requestedScopes } from '../resources/scopes.js';
import { TokensRepository } from '../tokens/tokens.repository.js';
import { redirectTo, redirectUnasked } from './redirect.js';

/** Where a pushed request is, its identifier behind it (RFC 9126 §2.2). */
const REQUEST_URI = 'urn:ietf:params:oauth:request_uri:';

/** The reply to a pushed request. */
export interface PushedRequest {
  request_uri: string;
  expires_in: number;
}

/** Requests are stored until the user has decided. */
const MAX_STATE_LENGTH = 4096;
/** A grant has the scopes of each. */
const MAX_RESOURCES = 10;

/** Authorization requests (RFC 6749 §4.1.1): from the client's browser to the page that asks its user. */
@Injectable()
export class AuthorizationRequests {
  constructor(
    private readonly clients: ClientLookupRepository,
    private readonly engine: AuthorizationEngine,
    private readonly resources: ResourcesService,
    private readonly tokens: TokensRepository,
    @Inject(CONFIG)
    private readonly config: Pick<Config, 'authorizationConsentUrl'>,
  ) {}

  /**
   * Where to send the browser: to the consent page, or back to the client with an error.
   * @throws RegistryError `rate_limited`; `invalid_request` if the client or the redirect URI cannot be trusted: the browser is not redirected then
   * @throws UntrustedRedirect in place of an error for an anonymous client
   */
  async begin(issuer: string, sent: URLSearchParams, context: RequestContext): Promise<string> {
    const client = await this.findClient(only(sent, 'client_id'));
    const { query, hash } = sent.has('request_uri') ? await this.pushed(client, sent) : { query: sent };
    const redirectUri = redirectUriOf(client, query);
    const checked = await this.check(issuer, client, query);
    if ('error' in checked) {
      const { error, description } = checked;
      const state = only(query, 'state');
      const response = { error, error_description: description, state, iss: issuer };
      return redirectUnasked(client, redirectTo(redirectUri, response));
    }
    // The engine would answer that there is no session. The page knows more of the user
    const isSilent = query.get('prompt') === 'none' && this.config.authorizationConsentUrl === null;
    if (isSilent) checked.parameters.delete('prompt');
    const { reply, unit } = await this.engine.handle(
      issuer,
      { endpoint: 'authorization', parameters: checked.parameters },
      client,
      context,
      { redirectUri },
    );
    const { location } = reply.headers;
    if (location === undefined) throw toRegistryError(reply);
    if (!location.startsWith(CONSENT_REPLY)) return redirectUnasked(client, location);
    for (const { payload } of unit.insert) {
      payload.clientVersion = client.version;
      const { maxAge } = checked;
      const forPage = { ...(isSilent && { prompt: 'none' }), ...(maxAge !== null && { max_age: maxAge }) };
      Object.assign(payload.params as object, forPage);
    }
    // Counted per address: anyone can send such requests
    context.spend?.(null, Buffer.byteLength(JSON.stringify(unit.insert)));
    const isFirst = await this.tokens.commit({ consume: hash, insert: unit.insert }, context);
    if (!isFirst) throw noSuchPushedRequest();
    const page = knownUrl(this.config.authorizationConsentUrl ?? `${issuer}${CONSENT_PATH}`);
    page.searchParams.set('consent_token', location.slice(CONSENT_REPLY.length));
    return page.href;
  }

  /**
   * Stores the parameters of an authorization request for a minute (RFC 9126 §2).
   * @param client which was authenticated
   * @param resources of the parameters the one that may be repeated (RFC 8707 §2)
   * @param dpop the DPoP header (RFC 9449 §10.1); undefined: none
   * @throws RegistryError `rate_limited`; that of the authorization request, if it is not valid
   */
  async push(
    issuer: string,
    client: Client,
    parameters: Record<string, string>,
    resources: readonly string[],
    dpop: string | undefined,
    context: RequestContext,
  ): Promise<PushedRequest> {
    if (parameters.request_uri !== undefined) {
      throw new RegistryError('invalid_request', 'request_uri must not be sent here (RFC 9126 §2.1).');
    }
    const query = new URLSearchParams({ ...parameters, client_id: client.id });
    for (const resource of resources) query.append('resource', resource);
    const redirectUri = redirectUriOf(client, query);
    const checked = await this.check(issuer, client, query);
    if ('error' in checked) throw new RegistryError(checked.error, checked.description);
    // Anyone can send such requests for a public client
    const orgId = client.type === 'public' ? null : client.orgId;
    const partId = orgId === null ? undefined : client.id;
    const spend = (bytes: number) => context.spend?.(orgId, bytes, partId);
    const { reply, unit } = await this.engine.handle(
      issuer,
      { endpoint: 'pushed_authorization_request', parameters: checked.parameters, dpop },
      client,
      // A DPoP proof counts as the request does
      { ...context, spend: (_, bytes) => spend(bytes) },
      { redirectUri },
    );
    if (reply.status !== 201) throw toRegistryError(reply);
    for (const { payload } of unit.insert) payload.maxAge = checked.maxAge;
    spend(Buffer.byteLength(JSON.stringify(unit.insert)));
    await this.tokens.commit({ insert: unit.insert }, context);
    return JSON.parse(reply.body) as PushedRequest;
  }

  /** The parameters of a request that the client has pushed. The others of the query do not count (RFC 9126 §4). */
  private async pushed(
    client: Client,
    sent: URLSearchParams,
  ): Promise<{ query: URLSearchParams; hash: string }> {
    const [, id] = only(sent, 'request_uri')?.split(REQUEST_URI) ?? [];
    const row = id === undefined ? null : await this.tokens.find(hashSecret(id));
    const isGood =
      row?.kind === 'pushed' &&
      row.clientId === client.id &&
      row.consumedAt === null &&
      row.expiresAt > new Date();
    if (!isGood) throw noSuchPushedRequest();
    // The library's form of a stored request
    const { iss, aud, exp, iat, nbf, ...parameters } = decodeJwt(row.payload.request as string);
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
      for (const each of [value].flat()) query.append(name, String(each));
    }
    const { maxAge } = row.payload as { maxAge?: string | null };
    if (maxAge) query.set('max_age', maxAge);
    return { query, hash: row.hash };
  }

  /** The parameters for the engine, or what the client is told is wrong with them. */
  private async check(
    issuer: string,
    client: Client,
    query: URLSearchParams,
  ): Promise<
    { parameters: URLSearchParams; maxAge: string | null } | { error: ErrorCode; description: string }
  > {
    const fault = (error: ErrorCode, description: string) => ({ error, description });
    if (isRepeated(query)) return fault('invalid_request', 'A parameter is repeated.');
    if ((query.get('response_mode') ?? 'query') !== 'query') {
      return fault('invalid_request', 'response_mode must be query.');
    }
    if (query.get('response_type') !== 'code') {
      return query.has('response_type')
        ? fault('unsupported_response_type', 'response_type must be code.')
        : fault('invalid_request', 'response_type is missing.');
    }
    if ((query.get('state') ?? '').length > MAX_STATE_LENGTH) {
      return fault('invalid_request', `state must have at most ${MAX_STATE_LENGTH} characters.`);
    }
    const maxAge = query.get('max_age') || null;
    if (maxAge !== null && !/^\d{1,9}$/.test(maxAge)) {
      return fault('invalid_request', 'max_age must be a number of seconds.');
    }
    if (!client.grantTypes.includes('authorization_code')) {
      return fault('unauthorized_client', 'The client may not use the grant type authorization_code.');
    }
    if (query.getAll('resource').length > MAX_RESOURCES) {
      return fault('invalid_target', `At most ${MAX_RESOURCES} resources can be requested at once.`);
    }
    const known = await this.resources.known();
    const resources = resourcesOf(known, issuer, query);
    if (resources === null) return fault('invalid_target', 'A requested resource is not known here.');
    const asked = query.get('scope');
    const grantable = known.grantableScopes(client, resources);
    const scopes = requestedScopes(asked === null ? undefined : splitScope(asked), grantable);
    if (scopes === null) return fault('invalid_scope', NO_SCOPES);
    const parameters = new URLSearchParams(query);
    parameters.set('scope', scopes.join(' '));
    parameters.delete('resource');
    for (const identifier of resources) parameters.append('resource', identifier);
    return { parameters, maxAge };
  }

  private async findClient(id: string | null): Promise<Client> {
    const client = id === null ? null : await this.clients.find({ id });
    if (client === null || !isUsable(client, new Date())) {
      throw new RegistryError(
        'invalid_request',
        'The client is unknown or disabled. Its software has to register again.',
      );
    }
    return client;
  }
}

/** Whether a parameter comes twice, which RFC 8707 §2 allows for resources alone. */
function isRepeated(query: URLSearchParams): boolean {
  const names = [...query.keys()].filter((name) => name !== 'resource');
  return new Set(names).size < names.length;
}

/**
 * The redirect URI of a request.
 * @throws RegistryError `invalid_request` unless the client registered it, and could register it now: the rules of an earlier release may
 *   have allowed others
 */
function redirectUriOf(client: Client, query: URLSearchParams): string {
  const uri = only(query, 'redirect_uri');
  if (uri === null || !isRegisteredRedirectUri(uri, client.redirectUris)) {
    throw new RegistryError(
      'invalid_request',
      'The redirect_uri is missing, or not registered by the client.',
    );
  }
  const fault = redirectUriFault(uri);
  if (fault !== undefined) throw new RegistryError('invalid_request', `The redirect_uri ${fault}.`);
  return uri;
}

/** An error of the engine that is not sent to the client by a redirect. */
const toRegistryError = (reply: EngineReply) => engineError(reply, 'The authorization request is invalid.');

const noSuchPushedRequest = () =>
  new RegistryError(
    'invalid_request',
    'The request_uri is unknown, expired or used. Start again at the client.',
  );

/** The identifiers of the resources that the request names, or the issuer; null if one is not known. */
function resourcesOf(known: KnownResources, issuer: string, query: URLSearchParams): string[] | null {
  const named = query.getAll('resource');
  const found = (named.length > 0 ? named : [issuer]).map((each) => known.find(each, issuer));
  const identifiers = found.filter((resource) => resource !== null).map(({ identifier }) => identifier);
  return identifiers.length === found.length ? identifiers : null;
}

/** The value of a parameter that decides where a browser is sent; null if it is missing or repeated. */
function only(query: URLSearchParams, name: string): string | null {
  const [value, ...others] = query.getAll(name);
  return value === undefined || others.length > 0 ? null : value;
}
