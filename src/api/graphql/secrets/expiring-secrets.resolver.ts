import { Args, Int, Parent, Query, ResolveField } from '@nestjs/graphql';
import { ClientSecretsService } from '../../../clients/secrets/client-secrets.service.js';
import type { ExpiringSecret as SecretOfClient } from '../../../clients/secrets/client-secret.js';
import type { Page } from '../../../clients/client/client-query.js';
import { toOAuthClient } from '../clients/oauth-client.mapper.js';
import { type Connection, toConnection, toPageRequest } from '../pagination/connection.js';
import { decodeExpiryCursor, encodeExpiryCursor } from '../pagination/cursor.js';
import {
  type ExpiringSecret,
  ExpiringSecretConnection,
  ExpiringSecretsArgs,
} from './expiring-secret.type.js';
import { AdminResolver } from '../schema/admin-resolver.js';

/** What operators have to rotate before long, across clients and organizations. */
@AdminResolver(() => ExpiringSecretConnection)
export class ExpiringSecretsResolver {
  constructor(private readonly clientSecrets: ClientSecretsService) {}

  @Query(() => ExpiringSecretConnection, {
    description:
      'Secrets of living clients that expire before then, the soonest first; revoked ones are left out.',
  })
  async expiringSecrets(@Args() { before, ...args }: ExpiringSecretsArgs): Promise<ExpiringSecretConnection> {
    const request = toPageRequest(args, decodeExpiryCursor);
    return { ...toExpiringConnection(await this.clientSecrets.pageExpiring(before, request)), before };
  }

  @ResolveField(() => Int, { description: 'How many they are altogether.' })
  totalCount(@Parent() { before }: ExpiringSecretConnection): Promise<number> {
    return this.clientSecrets.countExpiring(before);
  }
}

function toExpiringConnection(page: Page<SecretOfClient>): Connection<ExpiringSecret> {
  const toNode = ({ secret, client }: SecretOfClient) => ({ secret, client: toOAuthClient(client) });
  return toConnection(page, toNode, ({ secret }) => encodeExpiryCursor(secret));
}
