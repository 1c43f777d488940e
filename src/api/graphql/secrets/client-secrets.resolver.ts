import { UsePipes } from '@nestjs/common';
import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Access } from '../../../auth/principal/access.js';
import { OAuthClientSecretConnection } from '../clients/oauth-client-secret.type.js';
import { OAuthClient } from '../clients/oauth-client.type.js';
import type { Loaders } from '../operations/loaders.js';
import { InnerPageArgs, toIdConnection, toIdPageRequest } from '../pagination/connection.js';
import { ArgumentsPipe } from '../schema/arguments.pipe.js';

/** The secrets of a client; those of all clients of a page are loaded at once. */
@Resolver(() => OAuthClient)
@Access('admin')
@UsePipes(ArgumentsPipe)
export class ClientSecretsResolver {
  @ResolveField(() => OAuthClientSecretConnection, {
    description: 'Its secrets that were not revoked, the newest first; never the secrets themselves.',
  })
  async secrets(
    @Parent() { clientId }: OAuthClient,
    @Args() args: InnerPageArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<OAuthClientSecretConnection> {
    return toIdConnection(await loaders.secrets(clientId, toIdPageRequest(args)), (secret) => secret);
  }
}
