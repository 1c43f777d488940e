import {
  Args,
  ArgsType,
  Context,
  Field,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
} from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import { ClientSecretsService } from '../../../clients/secrets/client-secrets.service.js';
import type { ExpiringSecret as SecretOfClient } from '../../../clients/secrets/client-secret.js';
import { toOAuthClient } from '../clients/oauth-client.mapper.js';
import { OAuthClientSecret, OAuthClientSecretConnection } from '../clients/oauth-client-secret.type.js';
import { OAuthClient } from '../clients/oauth-client.type.js';
import type { Loaders } from '../operations/loaders.js';
import {
  connectionOf,
  InnerPageArgs,
  PageArgs,
  toConnection,
  toIdConnection,
  toIdPageRequest,
  toPageRequest,
} from '../pagination/connection.js';
import { decodeExpiryCursor, encodeExpiryCursor } from '../pagination/cursor.js';
import { AdminResolver } from '../schema/admin-resolver.js';

@ObjectType({
  description: 'A client secret with an expiry time, and its client. The secret value is never returned.',
})
class ExpiringSecret {
  @Field(() => OAuthClientSecret, { description: 'The secret.' })
  secret!: OAuthClientSecret;

  @Field(() => OAuthClient, { description: 'The client that the secret belongs to.' })
  client!: OAuthClient;
}

@ObjectType({ description: 'A page of expiring secrets, soonest first (Relay Cursor Connections).' })
class ExpiringSecretConnection extends connectionOf(ExpiringSecret) {
  /** The argument for `totalCount`; not part of the schema. */
  before!: Date;
}

@ArgsType()
class ExpiringSecretsArgs extends PageArgs {
  @Field(() => GraphQLDateTime, { description: 'Unexpired secrets that expire before this time.' })
  before!: Date;
}

/** Secrets to rotate soon, across clients and organizations. */
@AdminResolver(() => ExpiringSecretConnection)
export class ExpiringSecretsResolver {
  constructor(private readonly clientSecrets: ClientSecretsService) {}

  @Query(() => ExpiringSecretConnection, {
    description:
      'Secrets that expire before a given time, soonest first. Revoked secrets and secrets of deleted clients are excluded.',
  })
  async expiringSecrets(
    @Args() { before, ...args }: ExpiringSecretsArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<ExpiringSecretConnection> {
    const request = toPageRequest(args, decodeExpiryCursor);
    const secrets = await loaders.read(() => this.clientSecrets.pageExpiring(before, request));
    const toNode = ({ secret, client }: SecretOfClient) => ({ secret, client: toOAuthClient(client) });
    return { ...toConnection(secrets, toNode, ({ secret }) => encodeExpiryCursor(secret)), before };
  }

  @ResolveField(() => Int, { description: 'The total number of matching secrets.' })
  totalCount(@Parent() { before }: ExpiringSecretConnection): Promise<number> {
    return this.clientSecrets.countExpiring(before);
  }
}

/** The secrets of a client; a loader batches those of all clients of a page. */
@AdminResolver(() => OAuthClient)
export class ClientSecretsResolver {
  @ResolveField(() => OAuthClientSecretConnection, {
    description: 'The unrevoked secrets of the client, newest first. Secret values are never returned.',
  })
  async secrets(
    @Parent() { clientId }: OAuthClient,
    @Args() args: InnerPageArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<OAuthClientSecretConnection> {
    return toIdConnection(await loaders.secrets(clientId, toIdPageRequest(args)), (secret) => secret);
  }
}
