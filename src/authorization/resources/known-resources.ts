import { type Client, isTrusted } from '../../clients/client/client.js';
import type { Config } from '../../config/variables.js';
import { normalizeIdentifier, type ResourceScope } from '../../policy/resource.js';
import { ACCESS_TOKEN_LIFETIME } from '../../policy/token-lifetimes.js';
import { isLoopback, parseUri } from '../../policy/uris/uri.js';
import type { Resource } from './resource.js';

/** OpenID Connect's scope: this server issues no ID tokens. */
const OPENID = 'openid';

/** The resources at one moment, and the scopes that they define. */
export class KnownResources {
  /** Scopes that any resource defines, the first definition of each. */
  private readonly defined: ReadonlyMap<string, ResourceScope>;
  /** By name: a resource that checks no audience must not get a restricted scope that another one grants freely. */
  private readonly restricted: ReadonlySet<string>;

  constructor(
    readonly all: readonly Resource[],
    private readonly config: Pick<Config, 'authorizationRestrictedScopes' | 'production'>,
  ) {
    const scopes = all.flatMap((resource) => resource.scopes);
    this.defined = byName(scopes);
    this.restricted = new Set([
      ...config.authorizationRestrictedScopes,
      ...scopes.filter(({ restricted }) => restricted).map(({ name }) => name),
    ]);
  }

  /**
   * The resource with an identifier; null if there is none.
   * @param issuer itself a resource: that of requests that name none
   */
  find(identifier: string, issuer: string): Resource | null {
    const known = this.named(identifier);
    if (known !== undefined) return known;
    const wanted = normalizeIdentifier(identifier);
    if (wanted === normalizeIdentifier(issuer)) return unconfigured(issuer);
    // Developers run their API on their own machine
    const isOwn = this.all.length === 0 && !this.config.production && isLoopbackUrl(wanted);
    return isOwn ? unconfigured(wanted) : null;
  }

  /**
   * The scopes that a client may get at resources: those that it registered and the resources accept, without restricted ones if no one
   * answers for the client.
   */
  grantableScopes(client: Client, identifiers: readonly string[]): string[] {
    const accepted = new Set(identifiers.flatMap((each) => this.scopesOf(each)));
    return client.scopes.filter(
      (scope) =>
        scope !== OPENID &&
        (this.defined.size === 0 || accepted.has(scope)) &&
        (isTrusted(client) || !this.restricted.has(scope)),
    );
  }

  /** The definitions of scopes for users to read: all different ones of the resources or, if these have none, that of another resource. */
  describe(scopes: readonly string[], identifiers: readonly string[]): ResourceScope[] {
    const own = identifiers.flatMap((each) => this.named(each)?.scopes ?? []);
    return scopes.flatMap((name) => {
      const texts = new Map(
        own
          .filter((scope) => scope.name === name)
          .map((scope) => [JSON.stringify([scope.title, scope.description]), scope]),
      );
      if (texts.size > 0) return [...texts.values()];
      const undefinedScope = { name, title: null, description: null, restricted: this.restricted.has(name) };
      return [this.defined.get(name) ?? undefinedScope];
    });
  }

  /** The scopes that a resource accepts: its own or, if it defines none, those of all. Empty if no resource defines any. */
  scopesOf(identifier: string): string[] {
    const own = this.named(identifier)?.scopes.map(({ name }) => name) ?? [];
    return own.length > 0 ? own : [...this.defined.keys()];
  }

  /** The scopes that resources define. */
  get definedScopes(): string[] {
    return [...this.defined.keys()];
  }

  /** The resource that is configured or stored with an identifier. */
  named(identifier: string): Resource | undefined {
    const wanted = normalizeIdentifier(identifier);
    return this.all.find((each) => each.identifier === wanted);
  }
}

/** The first of each name. */
function byName(scopes: readonly ResourceScope[]): Map<string, ResourceScope> {
  const named = new Map<string, ResourceScope>();
  for (const scope of scopes) if (!named.has(scope.name)) named.set(scope.name, scope);
  return named;
}

/** A resource of which nothing but its identifier is known. */
export const unconfigured = (identifier: string): Resource => ({
  id: null,
  identifier,
  name: identifier,
  scopes: [],
  tokenFormat: 'opaque',
  accessTokenLifetimeSeconds: ACCESS_TOKEN_LIFETIME.default,
  createdAt: null,
  updatedAt: null,
});

function isLoopbackUrl(identifier: string): boolean {
  const url = parseUri(identifier);
  return typeof url !== 'string' && /^https?:$/.test(url.protocol) && url.hash === '' && isLoopback(url);
}
