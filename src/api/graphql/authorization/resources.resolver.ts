import { Args, Context, ID, Mutation, Query } from '@nestjs/graphql';
import type { RequestContext } from '../../../audit/audit-event.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import { ResourcesService } from '../../../authorization/resources/resources.service.js';
import type { Loaders } from '../operations/loaders.js';
import { AdminResolver } from '../schema/admin-resolver.js';
import {
  CreateResourceInput,
  OAuthResource,
  ResourcePayload,
  toResourceDraft,
  UpdateResourceInput,
} from './resource.type.js';

const ID_ARGUMENT = { type: () => ID, description: 'The id of the resource.' };

/** The APIs that access tokens are issued for. */
@AdminResolver(() => OAuthResource)
export class ResourcesResolver {
  constructor(private readonly resources: ResourcesService) {}

  @Query(() => [OAuthResource], {
    description: 'All resources: those of AUTHORIZATION_RESOURCES first, then the others, oldest first.',
  })
  async oauthResources(@Context('loaders') loaders: Loaders): Promise<OAuthResource[]> {
    const { all } = await loaders.read(() => this.resources.read());
    return [...all];
  }

  @Query(() => OAuthResource, {
    nullable: true,
    description: 'The resource with this identifier. Null: it does not exist.',
  })
  async oauthResource(
    @Args('identifier', { description: 'The identifier of the resource.' }) identifier: string,
    @Context('loaders') loaders: Loaders,
  ): Promise<OAuthResource | null> {
    return loaders.read(async () => (await this.resources.read()).named(identifier) ?? null);
  }

  @Mutation(() => ResourcePayload, {
    description: 'Creates a resource. All instances issue tokens for it within 5 seconds.',
  })
  async createResource(
    @Args('input', { description: 'The resource to create.' }) input: CreateResourceInput,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<ResourcePayload> {
    return { resource: await this.resources.create(toResourceDraft(input), context) };
  }

  @Mutation(() => ResourcePayload, {
    description:
      'Updates a resource. It applies to tokens that are issued from then on, on all instances within 5 seconds.',
  })
  async updateResource(
    @Args('id', ID_ARGUMENT) id: string,
    @Args('input', { description: 'The fields to change.' }) input: UpdateResourceInput,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<ResourcePayload> {
    return { resource: await this.resources.update(id, toResourceDraft(input), context) };
  }

  @Mutation(() => ResourcePayload, {
    description:
      'Deletes a resource. No tokens are issued for it; issued access tokens stay valid until they expire.',
  })
  async deleteResource(
    @Args('id', ID_ARGUMENT) id: string,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<ResourcePayload> {
    return { resource: await this.resources.remove(id, context) };
  }
}
