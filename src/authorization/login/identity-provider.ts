import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Configuration } from 'openid-client';
import { claimAt } from '../../auth/jwt/jwt-claims.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { RegistryError, RETRY_AFTER_SECONDS } from '../../errors/registry-error.js';
import { isOwnerName } from '../../policy/names/owner-name.js';
import { isLoopback, knownUrl } from '../../policy/uris/uri.js';
import { isRejection, type Rejection, type User } from '../consent/consent.service.js';

type Settings = Pick<
  Config,
  | 'authorizationLoginIssuer'
  | 'authorizationLoginClientId'
  | 'authorizationLoginClientSecret'
  | 'authorizationLoginScope'
  | 'authorizationLoginOrgClaim'
>;

/** Of one request to the provider. */
const TIMEOUT_SECONDS = 5;

/** How long the provider's metadata is used. Longer, if it cannot be had again. */
const METADATA_MS = 3_600_000;

/** What the provider's answer is checked against, besides its signature, issuer and audience. */
export interface LoginChecks {
  state: string;
  nonce: string;
  codeVerifier: string;
  /** How many seconds ago the user may have signed in; undefined: at any time. */
  maxAge?: number;
}

/** A user whom the provider has signed in, and the name to show. */
export type SignedInUser = User & { name: string };

/** The user said no at the identity provider, or would have to be asked: the client is told. */
export class LoginRefused extends Error {
  constructor(readonly code: Rejection) {
    super(`The identity provider answered ${code}.`);
  }
}

/** The operator's OpenID provider, at which users sign in: authorization code with PKCE, state and nonce. */
@Injectable()
export class IdentityProvider {
  private readonly logger = new Logger(IdentityProvider.name);
  private metadata: { configuration: Configuration; readAt: number } | null = null;
  private reading: Promise<Configuration> | null = null;

  constructor(@Inject(CONFIG) private readonly config: Settings) {}

  /** Whether users sign in at a provider. */
  get isConfigured(): boolean {
    return this.config.authorizationLoginIssuer !== null;
  }

  /**
   * The values of one sign-in, and where to send the browser for it.
   * @param prompt what the client asks for (OpenID Connect Core §3.1.2.1), as is `maxAge`; undefined: nothing
   * @throws RegistryError `temporarily_unavailable`
   */
  async begin(
    redirectUri: string,
    state: string,
    prompt: string | undefined,
    maxAge: number | undefined,
  ): Promise<{ location: string; checks: LoginChecks }> {
    const openid = await import('openid-client');
    const configuration = await this.discover();
    const codeVerifier = openid.randomPKCECodeVerifier();
    const checks = { state, nonce: openid.randomNonce(), codeVerifier, maxAge };
    const location = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.config.authorizationLoginScope,
      state,
      nonce: checks.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(prompt !== undefined && { prompt }),
      ...(maxAge !== undefined && { max_age: String(maxAge) }),
    });
    return { location: location.href, checks };
  }

  /**
   * The user of a callback.
   * @param callback its URL, with the query that the provider sent
   * @throws LoginRefused
   * @throws RegistryError `invalid_request` if the answer is not one to this sign-in, `insufficient_scope` if the user has no organization,
   *   `temporarily_unavailable`
   */
  async finish(callback: URL, { state, nonce, codeVerifier, maxAge }: LoginChecks): Promise<SignedInUser> {
    const openid = await import('openid-client');
    const configuration = await this.discover();
    try {
      const tokens = await openid.authorizationCodeGrant(configuration, callback, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        maxAge,
        idTokenExpected: true,
      });
      return this.userOf(tokens.claims()!);
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      if (error instanceof openid.AuthorizationResponseError && isRejection(error.error)) {
        throw new LoginRefused(error.error);
      }
      // Its keys belong to the metadata, and are not fetched again for a minute: the next sign-in reads both
      if ((error as { code?: unknown }).code === UNKNOWN_KEY && this.metadata !== null) {
        this.metadata.readAt = -Infinity;
      }
      throw this.failure(error);
    }
  }

  private userOf(claims: Record<string, unknown>): SignedInUser {
    const { sub, email, preferred_username: username } = claims;
    const claim = this.config.authorizationLoginOrgClaim;
    // Keycloak sends a list
    const [orgId, ...others] = [claimAt(claims, claim)].flat();
    if (!isOwnerName(sub) || !isOwnerName(orgId) || others.length > 0) {
      this.logger.warn(`A user was rejected: sub and ${claim} of the ID token must each be one name.`);
      throw new RegistryError(
        'insufficient_scope',
        'Your account belongs to no organization that may sign in here. Ask an administrator.',
      );
    }
    const name = [email, username].find((each): each is string => typeof each === 'string' && each !== '');
    return { orgId, userId: sub, name: name ?? sub };
  }

  /** What the provider says of itself. One request at a time; what was read before is used while the provider fails. */
  private async discover(): Promise<Configuration> {
    const { metadata } = this;
    if (metadata !== null && performance.now() - metadata.readAt < METADATA_MS) return metadata.configuration;
    this.reading ??= this.read().finally(() => (this.reading = null));
    try {
      return await this.reading;
    } catch (error) {
      if (metadata === null) throw this.failure(error);
      return metadata.configuration;
    }
  }

  private async read(): Promise<Configuration> {
    const openid = await import('openid-client');
    const { authorizationLoginClientId: clientId, authorizationLoginClientSecret: secret } = this.config;
    const issuer = knownUrl(this.config.authorizationLoginIssuer!);
    const configuration = await openid.discovery(
      issuer,
      clientId!,
      secret ?? undefined,
      (server, client, body, headers) => {
        const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
        const isBasic = methods.includes('client_secret_basic');
        const withSecret = isBasic ? openid.ClientSecretBasic() : openid.ClientSecretPost();
        return (secret === null ? openid.None() : withSecret)(server, client, body, headers);
      },
      {
        timeout: TIMEOUT_SECONDS,
        // Verifies the signature of ID tokens, although they come by TLS
        execute: [
          openid.enableNonRepudiationChecks,
          ...(isLoopback(issuer) ? [openid.allowInsecureRequests] : []),
        ],
      },
    );
    this.metadata = { configuration, readAt: performance.now() };
    return configuration;
  }

  /** The message names the kind of failure only: a cause may contain a code or a token. */
  private failure(error: unknown): RegistryError {
    const { code, error: answer, message, cause } = error as Record<string, unknown>;
    const { code: causeCode } = (cause ?? {}) as Record<string, unknown>;
    const kind = [answer, code, causeCode, message].find((each) => typeof each === 'string') as string;
    this.logger.warn(`A sign-in at the identity provider failed: ${kind.slice(0, MAX_LOGGED)}`);
    if (answer === 'invalid_grant' || INVALID_ANSWERS.includes(String(code))) {
      return new RegistryError(
        'invalid_request',
        'The answer of the identity provider is not valid. Try again.',
      );
    }
    return new RegistryError(
      'temporarily_unavailable',
      'The identity provider does not answer as it should. Try again in a moment.',
      { retryAfterSeconds: RETRY_AFTER_SECONDS, isByDesign: true },
    );
  }
}

/** The answer comes by the browser of the user, who can write anything. */
const MAX_LOGGED = 100;

/** The code of openid-client for an ID token whose key the provider did not publish when its keys were fetched. */
const UNKNOWN_KEY = 'OAUTH_KEY_SELECTION_FAILED';

/** The codes of openid-client for an answer that does not belong to the sign-in. */
const INVALID_ANSWERS = [
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
];
