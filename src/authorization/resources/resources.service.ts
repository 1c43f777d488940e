import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/variables.js';
import { isLoopback } from '../../policy/uris/uri.js';
import {
  DEFAULT_ACCESS_TOKEN_LIFETIME_SECONDS,
  normalizeIdentifier,
  type Resource,
  type TokenFormat,
} from './resource.js';

/** The resources that access tokens are issued for. */
@Injectable()
export class ResourcesService {
  constructor(
    @Inject(CONFIG)
    private readonly config: Pick<Config, 'authorizationResources' | 'production'>,
  ) {}

  /**
   * The resource that a client asked for; null if there is none.
   * @param issuer itself a resource: that of requests that name none
   */
  find(identifier: string, issuer: string): Promise<Resource | null> {
    const wanted = normalizeIdentifier(identifier);
    if (wanted === normalizeIdentifier(issuer)) return Promise.resolve(aResource(issuer, 'opaque'));
    const { authorizationResources: configured, production } = this.config;
    const known = configured.find((each) => each.identifier === wanted);
    if (known !== undefined) return Promise.resolve(aResource(known.identifier, known.tokenFormat));
    // Developers run their API on their own machine
    const isOwn = configured.length === 0 && !production && isOnLoopback(identifier);
    return Promise.resolve(isOwn ? aResource(wanted, 'opaque') : null);
  }
}

const aResource = (identifier: string, tokenFormat: TokenFormat): Resource => ({
  identifier,
  name: identifier,
  scopes: [],
  tokenFormat,
  accessTokenLifetimeSeconds: DEFAULT_ACCESS_TOKEN_LIFETIME_SECONDS,
});

function isOnLoopback(identifier: string): boolean {
  if (!URL.canParse(identifier)) return false;
  const url = new URL(identifier);
  return /^https?:$/.test(url.protocol) && url.hash === '' && isLoopback(url);
}
