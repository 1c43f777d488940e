import { Args, Context, Parent, ResolveField } from '@nestjs/graphql';
import { OAuthClientSecretConnection } from '../clients/oauth-client-secret.type.js';
import { OAuthClient } from '../clients/oauth-client.type.js';
import type { Loaders } from '../operations/loaders.js';
import { InnerPageArgs, toIdConnection, toIdPageRequest } from '../pagination/connection.js';
import { AdminResolver } from '../schema/admin-resolver.js';

/** The secrets of a client; those of all clients of a page are loaded at once. */
@AdminResolver(() => OAuthClient)
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
