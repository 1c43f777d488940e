import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import type { Principal } from '../../auth/principal/principal.js';
import { type Client, isUsable } from '../../clients/client/client.js';
import { ClientLookupRepository } from '../../clients/client/client-lookup.repository.js';
import { RegistryError } from '../../errors/registry-error.js';
import { splitScope } from '../../policy/grants/scope.js';
import { hashSecret } from '../../secrets/secret.js';
import { AuthorizationEngine } from '../engine/authorization-engine.js';
import type { GrantedScopes } from '../grants/grant.js';
import { GrantsRepository } from '../grants/grants.repository.js';
import type { ResourceScope } from '../../policy/resource.js';
import type { KnownResources } from '../resources/known-resources.js';
import { ResourcesService } from '../resources/resources.service.js';
import type { TokenEntity } from '../tokens/token.entity.js';
import { TokensRepository } from '../tokens/tokens.repository.js';
import { redirectHost, redirectTo, redirectUnasked } from './redirect.js';
import { checkSignIn, type SignInParameters, type SignInWish, signInWish } from './sign-in-age.js';

/** Whose consent it is. */
export type User = Pick<Principal, 'orgId' | 'userId'>;

/** What a client asks a user for. */
export interface ConsentRequest extends SignInWish {
  client: Client;
  redirectUri: string;
  /** The APIs for which the client requests tokens. A resource that is neither configured nor stored has no name. */
  resources: { identifier: string; name: string | null }[];
  scopes: ResourceScope[];
  /** Whether the user has allowed all of it before, so that no page is needed. */
  isGranted: boolean;
}

/** What a user decides. */
export interface Decision {
  isAllowed: boolean;
  /**
   * When the user signed in, in seconds since 1970; undefined: not known. `checked`: the caller has made sure that the client wants no later
   * sign-in.
   */
  authTime: number | undefined | 'checked';
}

/** The parameters of the authorization request, as the engine has validated them. */
interface Parameters extends SignInParameters {
  redirect_uri: string;
  scope?: string;
  state?: string;
  resource: string | string[];
  code_challenge?: string;
  code_challenge_method?: string;
  dpop_jkt?: string;
}

/** Errors that clients are sent (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6), and their descriptions. */
const REJECTIONS = {
  access_denied: 'The user denied the request.',
  login_required: 'The user has to sign in.',
  consent_required: 'The user has to be asked for consent.',
  interaction_required: 'The user has to be asked.',
} as const;
export type Rejection = keyof typeof REJECTIONS;

export const isRejection = (error: string): error is Rejection => Object.hasOwn(REJECTIONS, error);

/** A consent request that can be decided. */
interface OpenRequest {
  client: Client;
  parameters: Parameters;
  scopes: string[];
  known: KnownResources;
  hash: string;
  requestedAt: Date;
}

/** Asks users whether clients may act for them, however the user was found out. */
@Injectable()
export class ConsentService {
  constructor(
    private readonly tokens: TokensRepository,
    private readonly grants: GrantsRepository,
    private readonly clients: ClientLookupRepository,
    private readonly engine: AuthorizationEngine,
    private readonly resources: ResourcesService,
  ) {}

  /**
   * What the client requests. From then on, only this user can decide.
   * @param user null: not known yet
   * @throws RegistryError `not_found` if the consent token is unknown, expired, used, or another user's
   */
  async describe(consentToken: string, user: User | null): Promise<ConsentRequest> {
    const opened = await this.open(consentToken, user);
    const { client, parameters, scopes, known } = opened;
    const identifiers = [parameters.resource].flat();
    return {
      client,
      redirectUri: parameters.redirect_uri,
      resources: identifiers.map((identifier) => ({
        identifier,
        name: known.named(identifier)?.name ?? null,
      })),
      scopes: known.describe(scopes, identifiers),
      ...signInWish(parameters),
      isGranted: user !== null && (await this.isGranted(opened, user)),
    };
  }

  /**
   * Where to send the browser of the user: back to the client, with a code or an error. A consent token counts once.
   * @throws RegistryError `not_found`, as {@link describe}; `validation_error` if the user allows it, but has to sign in again
   */
  async decide(
    issuer: string,
    consentToken: string,
    user: User,
    { isAllowed, authTime }: Decision,
    context: RequestContext,
  ): Promise<string> {
    const opened = await this.open(consentToken, user);
    const { client, parameters, scopes, known, hash, requestedAt } = opened;
    const request = { hash, seenBy: userHash(user) };
    const owner = { clientId: client.id, orgId: user.orgId, userId: user.userId };
    if (!isAllowed) {
      if (!(await this.grants.deny(request, owner, context))) throw noSuchRequest();
      return errorLocation(issuer, parameters, 'access_denied');
    }
    if (authTime !== 'checked') checkSignIn(signInWish(parameters), requestedAt, authTime);
    const { redirect_uri: redirectUri, state = null, resource } = parameters;
    const { code, row } = await this.engine.issueCode(issuer, client, {
      accountId: user.userId,
      redirectUri,
      scope: scopes.join(' '),
      resource,
      codeChallenge: parameters.code_challenge,
      codeChallengeMethod: parameters.code_challenge_method,
      dpopJkt: parameters.dpop_jkt,
    });
    const consent = {
      scopes: scopesByResource(opened),
      redirectHost: redirectHost(redirectUri),
      grantable: (each: string) =>
        known.find(each, issuer) === null ? null : known.grantableScopes(client, [each]),
      hosts: client.redirectUris.map(redirectHost),
    };
    if (!(await this.grants.give(request, owner, consent, row, context))) throw noSuchRequest();
    return redirectTo(redirectUri, { code, state, iss: issuer });
  }

  /**
   * Where to send the browser with an error that the user did not choose here. It uses up the consent token, too, but is no decision of a
   * user for the audit log: any browser can send the error of an identity provider.
   * @param user null: not known
   * @throws RegistryError `not_found`, as {@link describe}, or if no user is known and the request is reserved for one
   * @throws UntrustedRedirect in place of an error for an anonymous client
   */
  async reject(
    issuer: string,
    consentToken: string,
    user: User | null,
    error: Rejection,
    context: RequestContext,
  ): Promise<string> {
    const { client, parameters, hash } = await this.open(consentToken, user);
    const seenBy = user === null ? undefined : userHash(user);
    const isFirst = await this.tokens.commit({ consume: hash, seenBy, insert: [] }, context);
    if (!isFirst) throw noSuchRequest();
    return redirectUnasked(client, errorLocation(issuer, parameters, error));
  }

  private async open(consentToken: string, user: User | null): Promise<OpenRequest> {
    const token = await this.tokens.find(hashSecret(consentToken));
    if (token?.kind !== 'consent' || token.consumedAt !== null || token.expiresAt <= new Date()) {
      throw noSuchRequest();
    }
    if (user !== null && !(await this.isFor(token, user))) throw noSuchRequest();
    const client = await this.clients.find({ id: token.clientId });
    const parameters = token.payload.params as Parameters;
    if (client === null || !isUsable(client, new Date())) throw noSuchRequest();
    // The user decides about the client that they were shown: it cannot be another one for a moment
    if (client.version !== token.payload.clientVersion) throw noSuchRequest();
    const known = await this.resources.known();
    const grantable = known.grantableScopes(client, [parameters.resource].flat());
    const scopes = splitScope(parameters.scope ?? '').filter((scope) => grantable.includes(scope));
    return { client, parameters, scopes, known, hash: token.hash, requestedAt: token.createdAt };
  }

  /** Whether the user has allowed all of it before. Users of a client that no one has verified are asked again at a host that is new to them. */
  private async isGranted(opened: OpenRequest, { orgId, userId }: User): Promise<boolean> {
    const { client, parameters } = opened;
    const grant = await this.grants.findActive({ clientId: client.id, orgId, userId });
    if (grant === null) return false;
    const isComplete = Object.entries(scopesByResource(opened)).every(([resource, scopes]) => {
      const granted = grant.scopes[resource];
      return granted !== undefined && scopes.every((scope) => granted.includes(scope));
    });
    const isKnownHost = grant.redirectHosts?.includes(redirectHost(parameters.redirect_uri)) ?? false;
    return isComplete && (client.verified || isKnownHost);
  }

  /** Whether the user is the first who opens the request, or has opened it before. */
  private async isFor({ hash, seenBy }: TokenEntity, { orgId, userId }: User): Promise<boolean> {
    const user = userHash({ orgId, userId });
    return seenBy === null ? this.tokens.bind(hash, user) : seenBy === user;
  }
}

/** Where to send the browser with an error for the client. */
function errorLocation(issuer: string, parameters: Parameters, error: Rejection): string {
  const { redirect_uri: redirectUri, state = null } = parameters;
  return redirectTo(redirectUri, { error, error_description: REJECTIONS[error], state, iss: issuer });
}

/** What the request asks for at each resource. */
const scopesByResource = ({ client, parameters, scopes, known }: OpenRequest): GrantedScopes =>
  Object.fromEntries(
    [parameters.resource]
      .flat()
      .map((each) => [each, known.grantableScopes(client, [each]).filter((scope) => scopes.includes(scope))]),
  );

/** What a consent request is reserved with. */
export const userHash = ({ orgId, userId }: User): string => hashSecret(JSON.stringify([orgId, userId]));

export const noSuchRequest = () =>
  new RegistryError('not_found', 'The consent token is unknown, expired or used. Start again at the client.');
