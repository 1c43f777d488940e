import { Args, ArgsType, Field, ID, Int, Mutation } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { RequestContext } from '../../../audit/audit-event.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import { ClientUseService, MAX_REPORTED } from '../../../clients/use/client-use.service.js';
import { ownerName } from '../../../policy/names/owner-name.js';
import { ClientSecretsService } from '../../../clients/secrets/client-secrets.service.js';
import type { BulkChange } from '../../../clients/registry/clients.service.js';
import { ClientsService } from '../../../clients/registry/clients.service.js';
import type { Client } from '../../../clients/client/client.js';
import { RegistrationsService } from '../../../clients/registration/registrations.service.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { toClientFilter, toOAuthClient } from './oauth-client.mapper.js';
import { FieldWithDefault } from '../schema/field-with-default.js';
import {
  BulkPayload,
  CreateOAuthClientPayload,
  IssueOAuthClientSecretPayload,
  OAuthClientPayload,
  RecordOAuthClientUsePayload,
  ReissueRegistrationAccessTokenPayload,
  RevokeOAuthClientSecretPayload,
} from './oauth-client-payloads.type.js';
import { CreateOAuthClientInput, toSubmission, UpdateOAuthClientInput } from './oauth-client.input.js';
import { BulkArgs } from './oauth-clients.args.js';
import { AdminResolver } from '../schema/admin-resolver.js';

/** Which client a mutation is about. */
@ArgsType()
class OneClientArgs {
  @Field(() => ID, { description: 'The client_id.' })
  clientId!: string;
}

/** The same, with the version that the caller has seen. */
@ArgsType()
class VersionedClientArgs extends OneClientArgs {
  @Field(() => Int, {
    nullable: true,
    description:
      'The version that the caller has seen: nothing is changed where it is another. Left out: any.',
  })
  version?: number | null;
}

@ArgsType()
class UpdateClientArgs extends OneClientArgs {
  @Field(() => Int, {
    description: 'The version that the caller has seen: nothing is changed where it is another.',
  })
  version!: number;

  @Field(() => UpdateOAuthClientInput, { description: 'What is to change.' })
  input!: UpdateOAuthClientInput;
}

@ArgsType()
class VerifyClientArgs extends VersionedClientArgs {
  @Field({ description: 'Whether an operator vouches for it.' })
  verified!: boolean;
}

@ArgsType()
class IssueSecretArgs extends OneClientArgs {
  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the new secret expires; left out: never.',
  })
  expiresAt?: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: 'When all others expire at the latest, in seconds from now; left out: as they would have.',
  })
  expireOthersIn?: number | null;
}

@ArgsType()
class RevokeSecretArgs extends OneClientArgs {
  @Field(() => ID, { description: 'The id of the secret.' })
  secretId!: string;

  @FieldWithDefault(() => Boolean, { defaultValue: false, description: 'Even if no valid secret is left.' })
  force!: boolean;
}

const versions = (version: number | null | undefined) => (typeof version === 'number' ? [version] : null);
const payload = (client: Client): OAuthClientPayload => ({ client: toOAuthClient(client) });

/** What operators can do to clients, across organizations: by the same services, and so the same rules, as every door. */
@AdminResolver()
export class OAuthClientMutationsResolver {
  constructor(
    private readonly clients: ClientsService,
    private readonly secrets: ClientSecretsService,
    private readonly registrations: RegistrationsService,
    private readonly clientUse: ClientUseService,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Mutation(() => CreateOAuthClientPayload, {
    description:
      'Creates a client for an organization. One that authenticates with a secret gets it, and it is told this once.',
  })
  async createOAuthClient(
    @Args('input', { description: 'The client as it is to be.' }) input: CreateOAuthClientInput,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<CreateOAuthClientPayload> {
    const { userId = null } = input;
    const owner = { orgId: ownerName(input.orgId), userId: userId === null ? null : ownerName(userId) };
    const { client, secret } = await this.clients.create(toSubmission(input), owner, 'admin', context);
    return { ...payload(client), clientSecret: secret?.value ?? null };
  }

  @Mutation(() => OAuthClientPayload, {
    description:
      'Changes a client; what is left out stays. With a tokenEndpointAuthMethod that takes no secret all secrets end; with ' +
      'one that takes a secret, issueOAuthClientSecret issues it.',
  })
  async updateOAuthClient(
    @Args() { clientId: id, version, input }: UpdateClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.update({ id }, toSubmission(input), [version], context));
  }

  @Mutation(() => OAuthClientPayload, {
    description:
      'Keeps a client from being used. It stays as it is, and its owner can see that it is disabled.',
  })
  async disableOAuthClient(
    @Args() { clientId: id, version }: VersionedClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.setStatus({ id }, 'disabled', versions(version), context));
  }

  @Mutation(() => OAuthClientPayload, { description: 'Lets a disabled client be used again.' })
  async enableOAuthClient(
    @Args() { clientId: id, version }: VersionedClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.setStatus({ id }, 'active', versions(version), context));
  }

  @Mutation(() => OAuthClientPayload, { description: 'Vouches for a client, or no longer.' })
  async setOAuthClientVerified(
    @Args() { clientId: id, version, verified }: VerifyClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.setVerified({ id }, verified, versions(version), context));
  }

  @Mutation(() => OAuthClientPayload, {
    description: 'Deletes a client from every door at once. It can be restored for a while.',
  })
  async deleteOAuthClient(
    @Args() { clientId: id, version }: VersionedClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.remove({ id }, versions(version), context));
  }

  @Mutation(() => OAuthClientPayload, {
    description: 'Brings a deleted client back, with its secrets and its registration access token.',
  })
  async restoreOAuthClient(
    @Args() { clientId: id }: OneClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.restore({ id }, context));
  }

  @Mutation(() => IssueOAuthClientSecretPayload, {
    description: 'Issues another secret to a client that authenticates with one. It is told this once.',
  })
  async issueOAuthClientSecret(
    @Args() { clientId: id, expiresAt = null, expireOthersIn = null }: IssueSecretArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<IssueOAuthClientSecretPayload> {
    const submission = {
      request: { expiresAt, expireOthersInSeconds: expireOthersIn },
      faults: {},
      names: { expiresAt: 'expiresAt', expireOthersInSeconds: 'expireOthersIn' },
    };
    const { secret, value } = await this.secrets.issue({ id }, submission, context);
    return { secret, clientSecret: value };
  }

  @Mutation(() => RevokeOAuthClientSecretPayload, { description: 'Ends a secret at once.' })
  async revokeOAuthClientSecret(
    @Args() { clientId: id, secretId, force }: RevokeSecretArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<RevokeOAuthClientSecretPayload> {
    await this.secrets.revoke({ id }, secretId, force, context);
    return payload(await this.clients.get({ id }));
  }

  @Mutation(() => ReissueRegistrationAccessTokenPayload, {
    description:
      'Gives software that lost it a new token to manage its registration with. The one before ends.',
  })
  async reissueRegistrationAccessToken(
    @Args() { clientId: id }: OneClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<ReissueRegistrationAccessTokenPayload> {
    const { client, registrationToken } = await this.registrations.reissueToken({ id }, context);
    return {
      ...payload(client),
      registrationAccessToken: registrationToken,
      registrationClientUri: this.publicUrl.ofRegistration(client.id),
    };
  }

  @Mutation(() => RecordOAuthClientUsePayload, {
    description:
      'Says that clients are used, as an authorization server knows that has issued a code or a token to them. It is no change ' +
      'of theirs: neither version nor updatedAt nor history know of it.',
  })
  async recordOAuthClientUse(
    @Args({
      name: 'clientIds',
      type: () => [ID],
      description: `Which, at most ${MAX_REPORTED}. Those of which it is known from the last hour cost nothing.`,
    })
    clientIds: string[],
  ): Promise<RecordOAuthClientUsePayload> {
    return { count: await this.clientUse.recordUse(clientIds) };
  }

  @Mutation(() => BulkPayload, { description: 'Disables all active clients that match, or none of them.' })
  disableOAuthClients(@Args() args: BulkArgs, @CurrentContext('graphql') context: RequestContext) {
    return this.changeAll('disable', args, context);
  }

  @Mutation(() => BulkPayload, {
    description: 'Lets all disabled clients that match be used again, or none of them.',
  })
  enableOAuthClients(@Args() args: BulkArgs, @CurrentContext('graphql') context: RequestContext) {
    return this.changeAll('enable', args, context);
  }

  @Mutation(() => BulkPayload, {
    description: 'Deletes all clients that match, or none of them. They can be restored for a while.',
  })
  deleteOAuthClients(@Args() args: BulkArgs, @CurrentContext('graphql') context: RequestContext) {
    return this.changeAll('delete', args, context);
  }

  @Mutation(() => BulkPayload, {
    description:
      'Brings back all deleted clients that match, or none of them, with their secrets and registration access tokens.',
  })
  restoreOAuthClients(@Args() args: BulkArgs, @CurrentContext('graphql') context: RequestContext) {
    return this.changeAll('restore', args, context);
  }

  private async changeAll(
    change: BulkChange,
    { filter, dryRun, expectedCount = null }: BulkArgs,
    context: RequestContext,
  ): Promise<BulkPayload> {
    const wanted = toClientFilter(filter);
    const count = await this.clients.changeAll(change, wanted, { isDryRun: dryRun, expectedCount }, context);
    return { count, dryRun };
  }
}
