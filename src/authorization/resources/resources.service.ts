import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/variables.js';
import { isLoopback, parseUri } from '../../policy/uris/uri.js';
import { normalizeIdentifier, type Resource } from './resource.js';

/** The resources that access tokens are issued for. */
@Injectable()
export class ResourcesService {
  constructor(
    @Inject(CONFIG)
    private readonly config: Pick<Config, 'authorizationResources' | 'production'>,
  ) {}

  /**
   * The resource with an identifier; null if there is none.
   * @param issuer itself a resource: that of requests that name none
   */
  find(identifier: string, issuer: string): Resource | null {
    const wanted = normalizeIdentifier(identifier);
    if (wanted === normalizeIdentifier(issuer)) return { identifier: issuer, tokenFormat: 'opaque' };
    const { authorizationResources: configured, production } = this.config;
    const known = configured.find((each) => each.identifier === wanted);
    if (known !== undefined) return known;
    // Developers run their API on their own machine
    const isOwn = configured.length === 0 && !production && isLoopbackUrl(wanted);
    return isOwn ? { identifier: wanted, tokenFormat: 'opaque' } : null;
  }
}

function isLoopbackUrl(identifier: string): boolean {
  const url = parseUri(identifier);
  return typeof url !== 'string' && /^https?:$/.test(url.protocol) && url.hash === '' && isLoopback(url);
}
