import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { changesBetween, credentialEntry, type RequestContext } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-events.repository.js';
import { refusal } from '../../clients/client/client-request.js';
import { rowLock } from '../../database/sql/for-update.js';
import { isDuplicate } from '../../database/writes/duplicate.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { RegistryError } from '../../errors/registry-error.js';
import type { ResourceDraft } from '../../policy/resource.js';
import type { StoredResource } from './resource.js';
import { ResourceEntity } from './resource.entity.js';

/** All are read at once, and kept in memory. */
export const MAX_RESOURCES = 100;

/** Resources in the database. */
@Injectable()
export class ResourcesRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {}

  /** All resources, the oldest first. */
  list(): Promise<StoredResource[]> {
    return this.dataSource.manager.find(ResourceEntity, { order: { id: 'ASC' }, take: MAX_RESOURCES });
  }

  /** @throws RegistryError `validation_error` if there are {@link MAX_RESOURCES} already, or another one with the identifier */
  insert(resource: StoredResource, context: RequestContext): Promise<void> {
    return this.writeQueue.run(
      async (manager) => {
        if ((await manager.count(ResourceEntity)) >= MAX_RESOURCES) throw tooMany();
        await unlessDuplicate(manager.insert(ResourceEntity, resource));
        const changes = changesBetween(null, draftOf(resource));
        await record(manager, context, [credentialEntry('resource.created', resource.id, changes)]);
      },
      context,
      'resources',
    );
  }

  /**
   * Changes a resource; null if there is none.
   * @param change gets the resource, locked until the end of the transaction; may throw
   * @throws RegistryError `validation_error` if there is another one with the identifier
   */
  update(
    id: string,
    change: (resource: StoredResource) => StoredResource,
    context: RequestContext,
  ): Promise<StoredResource | null> {
    return this.writeQueue.run(
      async (manager) => {
        const before = await manager.findOne(ResourceEntity, { where: { id }, lock: rowLock(manager) });
        if (before === null) return null;
        const after = change(before);
        const changes = changesBetween(draftOf(before), draftOf(after));
        if (changes.length === 0) return before;
        await unlessDuplicate(manager.update(ResourceEntity, { id }, after));
        await record(manager, context, [credentialEntry('resource.updated', id, changes)]);
        return after;
      },
      context,
      'resources',
    );
  }

  /** Removes a resource; null if there is none. */
  remove(id: string, context: RequestContext): Promise<StoredResource | null> {
    return this.writeQueue.run(
      async (manager) => {
        const before = await manager.findOne(ResourceEntity, { where: { id }, lock: rowLock(manager) });
        if (before === null) return null;
        await manager.delete(ResourceEntity, { id });
        const changes = changesBetween(draftOf(before), null);
        await record(manager, context, [credentialEntry('resource.deleted', id, changes)]);
        return before;
      },
      context,
      'resources',
    );
  }
}

const tooMany = () =>
  new RegistryError('validation_error', `There are ${MAX_RESOURCES} resources already. Delete one first.`);

async function unlessDuplicate(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isDuplicate(error, 'oauth_resources', 'identifier')) throw error;
    throw refusal('validation_error', { identifier: ['is the identifier of another resource'] });
  }
}

const draftOf = ({
  identifier,
  name,
  scopes,
  tokenFormat,
  accessTokenLifetimeSeconds,
}: ResourceDraft): ResourceDraft => ({ identifier, name, scopes, tokenFormat, accessTokenLifetimeSeconds });
