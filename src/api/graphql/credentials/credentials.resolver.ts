import { Args, Context, ID, Int, Mutation, Parent, Query, ResolveField } from '@nestjs/graphql';
import type { RequestContext } from '../../../audit/audit-event.js';
import { ApiKeysService } from '../../../auth/api-keys/api-keys.service.js';
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

/** The keys with which people and programs call. */
@AdminResolver(() => ApiKeyConnection)
export class ApiKeysResolver {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Query(() => ApiKeyConnection, {
    name: 'apiKeys',
    description: 'API keys, the newest first; never the keys themselves.',
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
    description: 'How many match the filter; without one, revoked ones are counted, too.',
  })
  totalCount(@Parent() { filter }: ApiKeyConnection): Promise<number> {
    return this.apiKeys.count(filter);
  }

  @Mutation(() => CreateApiKeyPayload, { description: 'Makes a key. It is told this once.' })
  createApiKey(
    @Args('input', { description: 'The key as it is to be.' })
    { expiresAt = null, ...key }: CreateApiKeyInput,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<CreateApiKeyPayload> {
    return this.apiKeys.create({ ...key, expiresAt }, context);
  }

  @Mutation(() => RevokeApiKeyPayload, {
    description:
      'Ends a key for good: at once on this instance, within a second on all. An admin key cannot be revoked unless ' +
      'another one is left that is valid for another 7 days.',
  })
  async revokeApiKey(
    @Args('id', { type: () => ID, description: 'The id of the key.' }) id: string,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<RevokeApiKeyPayload> {
    return { apiKey: await this.apiKeys.revoke(id, context) };
  }
}

/** The tokens with which operators let others register clients (RFC 7591 §3). */
@AdminResolver(() => InitialAccessTokenConnection)
export class InitialAccessTokensResolver {
  constructor(private readonly tokens: InitialAccessTokensService) {}

  @Query(() => InitialAccessTokenConnection, {
    description: 'Initial access tokens, the newest first; never the tokens themselves.',
  })
  async initialAccessTokens(
    @Args() args: TwoWayPageArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<InitialAccessTokenConnection> {
    const request = toIdPageRequest(args);
    return toIdConnection(await loaders.read(() => this.tokens.page(request)), (token) => token);
  }

  @ResolveField(() => Int, { description: 'How many there are, those that ended included.' })
  totalCount(): Promise<number> {
    return this.tokens.count();
  }

  @Mutation(() => CreateInitialAccessTokenPayload, { description: 'Makes a token. It is told this once.' })
  async createInitialAccessToken(
    @Args('input', { description: 'The token as it is to be.' })
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
    description: 'Ends a token for good, at once. Its clients stay.',
  })
  async revokeInitialAccessToken(
    @Args('id', { type: () => ID, description: 'The id of the token.' }) id: string,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<RevokeInitialAccessTokenPayload> {
    return { initialAccessToken: await this.tokens.revoke(id, context) };
  }
}
