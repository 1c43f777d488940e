import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import { type Client, isUsable } from '../../clients/client/client.js';
import { ClientLookupRepository } from '../../clients/client/client-lookup.repository.js';
import { CONSENT_PATH } from '../../config/paths.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { RegistryError } from '../../errors/registry-error.js';
import { splitScope } from '../../policy/scope.js';
import { isRegisteredRedirectUri } from '../../policy/uris/redirect-uri.js';
import { AuthorizationEngine, CONSENT_REPLY, ENGINE_PATHS } from '../engine/authorization-engine.js';
import type { KnownResources } from '../resources/known-resources.js';
import { ResourcesService } from '../resources/resources.service.js';
import { requestedScopes } from '../resources/scopes.js';
import { TokensRepository } from '../tokens/tokens.repository.js';
import { redirectTo } from './redirect.js';

/** Requests are stored until the user has decided. */
const MAX_STATE_LENGTH = 4096;

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
   */
  async begin(issuer: string, query: URLSearchParams, context: RequestContext): Promise<string> {
    const client = await this.findClient(only(query, 'client_id'));
    const redirectUri = only(query, 'redirect_uri');
    if (redirectUri === null || !isRegisteredRedirectUri(redirectUri, client.redirectUris)) {
      throw new RegistryError(
        'invalid_request',
        'The redirect_uri is missing, or not registered by the client.',
      );
    }
    const reject = (error: string, description: string) =>
      redirectTo(redirectUri, {
        error,
        error_description: description,
        state: only(query, 'state'),
        iss: issuer,
      });
    const repeated = [...new Set(query.keys())].find(
      (name) => name !== 'resource' && query.getAll(name).length > 1,
    );
    if (repeated !== undefined) return reject('invalid_request', 'A parameter is repeated.');
    if ((query.get('response_mode') ?? 'query') !== 'query') {
      return reject('invalid_request', 'response_mode must be query.');
    }
    if (query.get('response_type') !== 'code') {
      return query.has('response_type')
        ? reject('unsupported_response_type', 'response_type must be code.')
        : reject('invalid_request', 'response_type is missing.');
    }
    if ((query.get('state') ?? '').length > MAX_STATE_LENGTH) {
      return reject('invalid_request', `state must have at most ${MAX_STATE_LENGTH} characters.`);
    }
    if (!client.grantTypes.includes('authorization_code')) {
      return reject('unauthorized_client', 'The client may not use the grant type authorization_code.');
    }
    const known = await this.resources.known();
    const resources = resourcesOf(known, issuer, query);
    if (resources === null) return reject('invalid_target', 'A requested resource is not known here.');
    const asked = query.get('scope');
    const grantable = known.grantableScopes(client, resources);
    const scopes = requestedScopes(asked === null ? undefined : splitScope(asked), grantable);
    if (scopes === null) return reject('invalid_scope', 'The client may get none of the requested scopes.');
    const parameters = new URLSearchParams(query);
    parameters.set('scope', scopes.join(' '));
    parameters.delete('resource');
    for (const identifier of resources) parameters.append('resource', identifier);
    const path = `${ENGINE_PATHS.authorization}?${parameters.toString()}`;
    const { reply, unit } = await this.engine.handle(issuer, { method: 'GET', path }, client, {
      redirectUri,
    });
    const { location } = reply.headers;
    if (location === undefined) {
      const { error_description: description } = JSON.parse(reply.body) as { error_description?: string };
      throw new RegistryError('invalid_request', description ?? 'The authorization request is invalid.');
    }
    if (!location.startsWith(CONSENT_REPLY)) return location;
    // Counted per address: anyone can send such requests
    context.spend?.(null, Buffer.byteLength(JSON.stringify(unit.insert)));
    await this.tokens.commit({ insert: unit.insert }, context);
    const page = new URL(this.config.authorizationConsentUrl ?? `${issuer}${CONSENT_PATH}`);
    page.searchParams.set('consent_token', location.slice(CONSENT_REPLY.length));
    return page.href;
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
