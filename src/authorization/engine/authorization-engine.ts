import type { IncomingMessage, ServerResponse } from 'node:http';
import { stripVTControlCharacters } from 'node:util';
import { Injectable, Logger } from '@nestjs/common';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Configuration, errors as Errors, Provider, ResourceServer } from 'oidc-provider';
import { ASSERTION_BYTES, AssertionUses } from '../../clients/authentication/assertion-uses.repository.js';
import type { RequestContext } from '../../audit/audit-event.js';
import type { Client } from '../../clients/client/client.js';
import { doInTurn } from '../../event-loop/turns.js';
import {
  ACCESS_TOKEN_LIFETIME,
  AUTHORIZATION_CODE_LIFETIME,
  AUTHORIZATION_REQUEST_LIFETIME,
  REFRESH_TOKEN_LIFETIME,
} from '../../policy/token-lifetimes.js';
import { knownUrl } from '../../policy/uris/uri.js';
import { SIGNING_ALGORITHM } from './signing-algorithm.js';
import { GrantsRepository } from '../grants/grants.repository.js';
import { ResourcesService } from '../resources/resources.service.js';
import { generateSecret } from '../../secrets/secret.js';
import { generateToken, type IssuedKind } from '../tokens/token.js';
import type { TokenEntity } from '../tokens/token.entity.js';
import { TokensRepository } from '../tokens/tokens.repository.js';
import { ENGINE_PATHS, exchange, type EngineReply, type EngineRequest } from './exchange.js';
import { adapterOf } from './storage-adapter.js';
import { currentUnit, spendTokenBytes, type UnitOfWork, unitOfWork } from './unit-of-work.js';

/** The resource of a token sets how long it is valid. */
const accessTokenLifetime = (_: unknown, { resourceServer }: { resourceServer?: ResourceServer }): number =>
  resourceServer?.accessTokenTTL ?? ACCESS_TOKEN_LIFETIME.default;

/** In seconds. */
const LIFETIMES = {
  AccessToken: accessTokenLifetime,
  ClientCredentials: accessTokenLifetime,
  AuthorizationCode: AUTHORIZATION_CODE_LIFETIME,
  RefreshToken: REFRESH_TOKEN_LIFETIME,
  Interaction: AUTHORIZATION_REQUEST_LIFETIME,
  // The library wants them, and stores none
  Session: 1,
  Grant: 1,
};

/** How far the clock of a DPoP proof may be ahead or behind. */
const DPOP_WINDOW_SECONDS = 300;

/** What the library's models are called here. */
const ISSUED = {
  AccessToken: 'access',
  ClientCredentials: 'access',
  RefreshToken: 'refresh',
  AuthorizationCode: 'code',
} as const satisfies Record<string, IssuedKind>;

/** The models of the library that generate an identifier, which is the token. */
interface Generates {
  generateTokenId: () => string;
}

/** The contents of an authorization code, except its grant. */
export interface NewCode {
  accountId: string;
  redirectUri: string;
  scope: string;
  resource: string | string[];
  codeChallenge?: string;
  codeChallengeMethod?: string;
  dpopJkt?: string;
}

interface Engine {
  url: URL;
  provider: Provider;
  listener: (request: IncomingMessage, response: ServerResponse) => void;
}

/** What the library answered, and what it wants to change for that. */
export interface EngineResult {
  reply: EngineReply;
  unit: UnitOfWork;
}

/**
 * The protocol engine: npm `oidc-provider`, which validates requests and decides what is issued. It opens no connection, stores nothing
 * and authenticates no one (ADR 20).
 */
@Injectable()
export class AuthorizationEngine {
  /** By issuer, which is not known before the server listens. */
  private engine: Promise<Engine> | undefined;

  constructor(
    private readonly tokens: TokensRepository,
    private readonly grants: GrantsRepository,
    private readonly resources: ResourcesService,
    private readonly assertionUses: AssertionUses,
  ) {}

  /**
   * Lets the library answer a request of a client that was authenticated or looked up before. Nothing that the reply promises is stored yet.
   * @param known what is known of the request already
   */
  async handle(
    issuer: string,
    request: EngineRequest,
    client: Client,
    { caller = '', spend }: RequestContext,
    known: Partial<Pick<UnitOfWork, 'redirectUri' | 'knownToken'>>,
  ): Promise<EngineResult> {
    const engine = await this.start(issuer);
    const unit = aUnit(client, { ...known, spend });
    // Requests that were looked up in one batch come here together
    const reply = await new Promise<EngineReply>((done, fail) =>
      doInTurn(caller, () => {
        unitOfWork.run(unit, () => exchange(engine.listener, engine.url, request)).then(done, fail);
      }),
    );
    if (unit.failure !== null) throw unit.failure;
    return { reply, unit };
  }

  /** A new authorization code, and the row that stores it. */
  async issueCode(
    issuer: string,
    client: Client,
    code: NewCode,
  ): Promise<{ code: string; row: TokenEntity }> {
    const { provider } = await this.start(issuer);
    const unit = aUnit(client, { redirectUri: code.redirectUri });
    return unitOfWork.run(unit, async () => {
      const engineClient = (await provider.Client.find(client.id))!;
      // The grant is known when the code is stored
      const known = { client: engineClient, gty: 'authorization_code', grantId: '' };
      const value = await new provider.AuthorizationCode({ ...code, ...known }).save();
      return { code: value, row: unit.insert[0]! };
    });
  }

  private start(issuer: string): Promise<Engine> {
    this.engine ??= this.build(issuer).catch((error: unknown) => {
      this.engine = undefined;
      throw error;
    });
    return this.engine;
  }

  private async build(issuer: string): Promise<Engine> {
    const { Provider, errors } = await logged(() => import('oidc-provider'));
    const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
    const configuration = this.configuration(issuer, errors, await exportJWK(privateKey));
    const provider = new Provider(issuer, configuration);
    for (const [model, kind] of Object.entries(ISSUED)) {
      const prototype = provider[model as keyof typeof ISSUED].prototype as unknown as Generates;
      const generate = prototype.generateTokenId;
      prototype.generateTokenId = function (this: unknown) {
        // It sets the format of the token, too
        generate.call(this);
        return generateToken(kind);
      };
    }
    const uses = this.assertionUses;
    Object.assign(provider.ReplayDetection, {
      unique: async (clientId: string, jti: string, exp: number) => {
        spendTokenBytes(currentUnit(), ASSERTION_BYTES);
        // The library accepts a proof as long before its time as after it
        const until = new Date((exp + DPOP_WINDOW_SECONDS) * 1000);
        if (await uses.useOnce(`dpop ${clientId}`, jti, until)) return true;
        throw new errors.InvalidDpopProof('The DPoP proof was used before.');
      },
    });
    provider.on('server_error', (_, error) => {
      currentUnit().failure = error;
    });
    const listener = provider.callback() as Engine['listener'];
    return { url: knownUrl(issuer), provider, listener };
  }

  private configuration(issuer: string, errors: typeof Errors, unusedKey: JWK): Configuration {
    const off = { enabled: false };
    return {
      adapter: (model: string) => adapterOf(model, this.tokens, this.grants),
      clientAuthMethods: ['none'],
      scopes: [],
      responseTypes: ['code'],
      routes: ENGINE_PATHS,
      ttl: LIFETIMES,
      // For ID tokens, which are not issued: no scope is openid
      jwks: { keys: [unusedKey] },
      clientDefaults: { id_token_signed_response_alg: SIGNING_ALGORITHM },
      pkce: { required: (_, { clientId }) => requiresPkce(clientId) },
      issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
      rotateRefreshToken: () => currentUnit().client.type === 'public',
      findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
      renderError: (ctx, out) => {
        ctx.type = 'json';
        ctx.body = out;
      },
      // They would be those of a session, of which there is none
      cookies: { keys: [generateSecret()] },
      interactions: { url: (_, interaction) => `${CONSENT_REPLY}${interaction.uid}` },
      features: {
        devInteractions: off,
        userinfo: off,
        rpInitiatedLogout: off,
        introspection: off,
        revocation: off,
        clientCredentials: { enabled: true },
        dPoP: { enabled: true },
        pushedAuthorizationRequests: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => issuer,
          useGrantedResource: () => true,
          getResourceServerInfo: async (_, identifier) => {
            const resources = await this.resources.known();
            const resource = resources.find(identifier, issuer);
            if (resource === null) throw new errors.InvalidTarget('The resource is not known here.');
            return {
              audience: resource.identifier,
              scope: resources.grantableScopes(currentUnit().client, [identifier]).join(' '),
              accessTokenTTL: resource.accessTokenLifetimeSeconds,
              accessTokenFormat: 'opaque',
            };
          },
        },
      },
    };
  }
}

const aUnit = (client: Client, known: Partial<UnitOfWork>): UnitOfWork => ({
  client,
  redirectUri: null,
  knownToken: null,
  grant: null,
  insert: [],
  revokedGrants: new Set(),
  failure: null,
  ...known,
});

/** The start of the location to which the library redirects if the user must be asked; the consent token follows. */
export const CONSENT_REPLY = 'about:consent/';

function requiresPkce(clientId: string): boolean {
  const { client } = currentUnit();
  if (client.id !== clientId)
    throw new Error('The library asks for a client that the request does not name.');
  return client.requirePkce || client.type === 'public';
}

const logger = new Logger('AuthorizationServer');

/** What the library says to the console while it is loaded, such as that it prefers Node.js 22, is a line of our log. */
async function logged<T>(load: () => Promise<T>): Promise<T> {
  const { warn, info } = console;
  console.warn = console.info = (line: unknown) => logger.warn(stripVTControlCharacters(String(line)));
  try {
    return await load();
  } finally {
    Object.assign(console, { warn, info });
  }
}
