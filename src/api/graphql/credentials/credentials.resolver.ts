import { Args, Context, ID, Int, Mutation, Parent, Query, ResolveField } from '@nestjs/graphql';
import type { RequestContext } from '../../../audit/audit-event.js';
import { ApiKeysService, LASTING_DAYS } from '../../../auth/api-keys/api-keys.service.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import { InitialAccessTokensService } from '../../../clients/initial-access-tokens/initial-access-tokens.service.js';
import { toFilter } from '../schema/filter.js';
import {
  ApiKeyConnection,
  ApiKeysArgs,
  CreateApiKeyInput,
  CreateApiKeyPayload,
  RevokeApiKeyPayload,
} from './api-key.type.js';
import type { Loaders } from '../operations/loaders.js';
import { toIdConnection, toIdPageRequest, TwoWayPageArgs } from '../pagination/connection.js';
import {
  CreateInitialAccessTokenInput,
  CreateInitialAccessTokenPayload,
  InitialAccessTokenConnection,
  RevokeInitialAccessTokenPayload,
} from './initial-access-token.type.js';
import { AdminResolver } from '../schema/admin-resolver.js';

/** API keys of users and services. */
@AdminResolver(() => ApiKeyConnection)
export class ApiKeysResolver {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Query(() => ApiKeyConnection, {
    name: 'apiKeys',
    description: 'API keys, newest first. Key values are never returned.',
  })
  async apiKeyPage(
    @Args() { filter, ...page }: ApiKeysArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<ApiKeyConnection> {
    const wanted = toFilter(filter);
    const request = toIdPageRequest(page);
    const keys = await loaders.read(() => this.apiKeys.page(wanted, request));
    return { ...toIdConnection(keys, (key) => key), filter: wanted };
  }

  @ResolveField(() => Int, {
    description: 'The number of API keys that match the filter. Without a filter, revoked keys are included.',
  })
  totalCount(@Parent() { filter }: ApiKeyConnection): Promise<number> {
    return this.apiKeys.count(filter);
  }

  @Mutation(() => CreateApiKeyPayload, {
    description: 'Creates an API key. The response is the only one that contains its value.',
  })
  createApiKey(
    @Args('input', { description: 'The API key to create.' })
    { expiresAt = null, ...key }: CreateApiKeyInput,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<CreateApiKeyPayload> {
    return this.apiKeys.create({ ...key, expiresAt }, context);
  }

  @Mutation(() => RevokeApiKeyPayload, {
    description:
      'Revokes an API key permanently: immediately on this instance, within one second on all instances. An admin key ' +
      `cannot be revoked unless another admin key remains valid for at least ${LASTING_DAYS} days.`,
  })
  async revokeApiKey(
    @Args('id', { type: () => ID, description: 'The id of the API key.' }) id: string,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<RevokeApiKeyPayload> {
    return { apiKey: await this.apiKeys.revoke(id, context) };
  }
}

/** Initial access tokens (RFC 7591 §3). */
@AdminResolver(() => InitialAccessTokenConnection)
export class InitialAccessTokensResolver {
  constructor(private readonly tokens: InitialAccessTokensService) {}

  @Query(() => InitialAccessTokenConnection, {
    description: 'Initial access tokens, newest first. Token values are never returned.',
  })
  async initialAccessTokens(
    @Args() args: TwoWayPageArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<InitialAccessTokenConnection> {
    const request = toIdPageRequest(args);
    return toIdConnection(await loaders.read(() => this.tokens.page(request)), (token) => token);
  }

  @ResolveField(() => Int, {
    description: 'The total number of tokens, including expired and revoked tokens.',
  })
  totalCount(): Promise<number> {
    return this.tokens.count();
  }

  @Mutation(() => CreateInitialAccessTokenPayload, {
    description: 'Creates an initial access token. The response is the only one that contains its value.',
  })
  async createInitialAccessToken(
    @Args('input', { description: 'The initial access token to create.' })
    { scopes = null, grantTypes = null, redirectHosts = null, ...draft }: CreateInitialAccessTokenInput,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<CreateInitialAccessTokenPayload> {
    const { token, value } = await this.tokens.create(
      { ...draft, scopes, grantTypes, redirectHosts },
      context,
    );
    return { initialAccessToken: token, value };
  }

  @Mutation(() => RevokeInitialAccessTokenPayload, {
    description:
      'Revokes an initial access token permanently and immediately. Clients registered with it are kept.',
  })
  async revokeInitialAccessToken(
    @Args('id', { type: () => ID, description: 'The id of the initial access token.' }) id: string,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<RevokeInitialAccessTokenPayload> {
    return { initialAccessToken: await this.tokens.revoke(id, context) };
  }
}
