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

@ObjectType({ description: 'A secret that ends by itself, and whose it is; never the secret itself.' })
class ExpiringSecret {
  @Field(() => OAuthClientSecret, { description: 'The secret.' })
  secret!: OAuthClientSecret;

  @Field(() => OAuthClient, { description: 'The client that has it, and others perhaps.' })
  client!: OAuthClient;
}

@ObjectType({ description: 'A page of secrets that expire, the soonest first (Relay Cursor Connections).' })
class ExpiringSecretConnection extends connectionOf(ExpiringSecret) {
  /** What `totalCount` is to count; not part of the schema. */
  before!: Date;
}

@ArgsType()
class ExpiringSecretsArgs extends PageArgs {
  @Field(() => GraphQLDateTime, { description: 'That expire earlier than this, and have not yet.' })
  before!: Date;
}

/** What operators have to rotate before long, across clients and organizations. */
@AdminResolver(() => ExpiringSecretConnection)
export class ExpiringSecretsResolver {
  constructor(private readonly clientSecrets: ClientSecretsService) {}

  @Query(() => ExpiringSecretConnection, {
    description:
      'Secrets of living clients that expire before then, the soonest first; revoked ones are left out.',
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

  @ResolveField(() => Int, { description: 'How many they are altogether.' })
  totalCount(@Parent() { before }: ExpiringSecretConnection): Promise<number> {
    return this.clientSecrets.countExpiring(before);
  }
}

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
