import { Inject, Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import type { RequestContext } from '../../audit/audit-event.js';
import { refusal } from '../../clients/client/client-request.js';
import { canSignTokens, CONFIG, type Config } from '../../config/variables.js';
import { CachedRead } from '../../database/cached-read.js';
import { newId } from '../../database/id.js';
import { RegistryError } from '../../errors/registry-error.js';
import { normalizeIdentifier, type ResourceDraft, resourceFaults } from '../../policy/resource.js';
import { KnownResources, unconfigured } from './known-resources.js';
import type { StoredResource } from './resource.js';
import { ResourcesRepository } from './resources.repository.js';

/** After which changes by other instances count. */
const CACHE_MS = 5_000;

/** The resources that access tokens are issued for: those of the configuration, and those that operators create. */
@Injectable()
export class ResourcesService {
  private readonly cache = new CachedRead(() => this.read(), CACHE_MS);

  constructor(
    private readonly repository: ResourcesRepository,
    @Inject(CONFIG)
    private readonly config: Pick<
      Config,
      | 'authorizationResources'
      | 'authorizationRestrictedScopes'
      | 'database'
      | 'production'
      | 'signingKeySecret'
    >,
  ) {}

  /** The resources as requests see them: a change by another instance counts after {@link CACHE_MS}. */
  known(): Promise<KnownResources> {
    return this.cache.get();
  }

  /** The resources as they are stored now. */
  async read(): Promise<KnownResources> {
    const { authorizationResources } = this.config;
    const configured = authorizationResources.map(({ identifier, tokenFormat }) => ({
      ...unconfigured(identifier),
      tokenFormat,
    }));
    return new KnownResources([...configured, ...(await this.repository.list())], this.config);
  }

  /** @throws RegistryError `validation_error` with every field at fault, or if there are too many resources */
  async create(draft: ResourceDraft, context: RequestContext): Promise<StoredResource> {
    const now = new Date();
    const resource = { ...this.validated(draft), id: newId(), createdAt: now, updatedAt: now };
    await this.changing(() => this.repository.insert(resource, context));
    return resource;
  }

  /**
   * Changes the given fields.
   * @throws RegistryError `not_found`; `validation_error` with every field at fault
   */
  async update(
    id: string,
    changes: Partial<ResourceDraft>,
    context: RequestContext,
  ): Promise<StoredResource> {
    const change = (resource: StoredResource): StoredResource => ({
      ...resource,
      ...this.validated({ ...resource, ...changes }),
      updatedAt: new Date(),
    });
    return this.changing(async () =>
      found(isUuid(id) ? await this.repository.update(id, change, context) : null),
    );
  }

  /**
   * Removes a resource. No token is issued for it from then on; those that it has stay valid until they expire.
   * @throws RegistryError `not_found`
   */
  async remove(id: string, context: RequestContext): Promise<StoredResource> {
    return this.changing(async () => found(isUuid(id) ? await this.repository.remove(id, context) : null));
  }

  private validated(draft: ResourceDraft): ResourceDraft {
    const resource = {
      ...draft,
      identifier: normalizeIdentifier(draft.identifier),
      name: draft.name.trim(),
    };
    const faults = resourceFaults(resource);
    const { authorizationResources: configured } = this.config;
    if (configured.some(({ identifier }) => identifier === resource.identifier)) {
      faults.identifier = ['is configured by AUTHORIZATION_RESOURCES already'];
    }
    if (resource.tokenFormat === 'jwt' && !canSignTokens(this.config)) {
      faults.tokenFormat = ['must be opaque while SIGNING_KEY_SECRET is not set'];
    }
    if (Object.keys(faults).length > 0) throw refusal('validation_error', faults);
    return resource;
  }

  private async changing<T>(change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } finally {
      this.cache.clear();
    }
  }
}

function found(resource: StoredResource | null): StoredResource {
  if (resource !== null) return resource;
  throw new RegistryError(
    'not_found',
    'The resource does not exist, or is configured by AUTHORIZATION_RESOURCES.',
  );
}
