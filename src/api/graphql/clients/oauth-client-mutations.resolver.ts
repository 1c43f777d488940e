import { Args, ArgsType, Field, ID, Int, Mutation } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import { Access } from '../../../auth/principal/access-roles.js';
import type { RequestContext } from '../../../audit/audit-event.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import { ClientUseService, MAX_REPORTED } from '../../../clients/use/client-use.service.js';
import { ownerName } from '../../../policy/names/owner-name.js';
import { ClientSecretsService } from '../../../clients/secrets/client-secrets.service.js';
import type { BulkChange } from '../../../clients/registry/clients.service.js';
import { ClientsService } from '../../../clients/registry/clients.service.js';
import type { Client } from '../../../clients/client/client.js';
import { RegistrationManagementService } from '../../../clients/registration/registration-management.service.js';
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
import { CreateOAuthClientInput, toClientRequest, UpdateOAuthClientInput } from './oauth-client.input.js';
import { BulkArgs } from './oauth-clients.args.js';
import { AdminResolver } from '../schema/admin-resolver.js';

/** The client to change. */
@ArgsType()
class OneClientArgs {
  @Field(() => ID, { description: 'The client_id.' })
  clientId!: string;
}

/** The same, with the expected version. */
@ArgsType()
class VersionedClientArgs extends OneClientArgs {
  @Field(() => Int, {
    nullable: true,
    description:
      'The expected version of the client. If it differs, nothing is changed. Default: any version.',
  })
  version?: number | null;
}

@ArgsType()
class UpdateClientArgs extends OneClientArgs {
  @Field(() => Int, {
    description: 'The expected version of the client. If it differs, nothing is changed.',
  })
  version!: number;

  @Field(() => UpdateOAuthClientInput, { description: 'The fields to change.' })
  input!: UpdateOAuthClientInput;
}

@ArgsType()
class VerifyClientArgs extends VersionedClientArgs {
  @Field({ description: 'Whether the client is verified.' })
  verified!: boolean;
}

@ArgsType()
class IssueSecretArgs extends OneClientArgs {
  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the new secret expires. Default: never.',
  })
  expiresAt?: Date | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'All other secrets expire after this many seconds, or earlier. Default: their expiry is unchanged.',
  })
  expireOthersIn?: number | null;
}

@ArgsType()
class RevokeSecretArgs extends OneClientArgs {
  @Field(() => ID, { description: 'The id of the secret.' })
  secretId!: string;

  @FieldWithDefault(() => Boolean, {
    defaultValue: false,
    description: 'Revoke the secret even if no valid secret remains.',
  })
  force!: boolean;
}

const versions = (version: number | null | undefined) => (typeof version === 'number' ? [version] : null);
const payload = (client: Client): OAuthClientPayload => ({ client: toOAuthClient(client) });

/** Changes of clients across organizations, through the same services as every interface. */
@AdminResolver()
export class OAuthClientMutationsResolver {
  constructor(
    private readonly clients: ClientsService,
    private readonly secrets: ClientSecretsService,
    private readonly registrations: RegistrationManagementService,
    private readonly clientUse: ClientUseService,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Mutation(() => CreateOAuthClientPayload, {
    description:
      'Creates a client for an organization. The response is the only one that contains the client secret, if there is one.',
  })
  async createOAuthClient(
    @Args('input', { description: 'The client to create.' }) input: CreateOAuthClientInput,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<CreateOAuthClientPayload> {
    const { userId = null } = input;
    const owner = { orgId: ownerName(input.orgId), userId: userId === null ? null : ownerName(userId) };
    const { client, secret } = await this.clients.create(toClientRequest(input), owner, 'admin', context);
    return { ...payload(client), clientSecret: secret?.value ?? null };
  }

  @Mutation(() => OAuthClientPayload, {
    description:
      'Updates a client. Omitted fields keep their value. Changing to a tokenEndpointAuthMethod without a secret revokes all ' +
      'secrets. After changing to a method with a secret, call issueOAuthClientSecret.',
  })
  async updateOAuthClient(
    @Args() { clientId: id, version, input }: UpdateClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.update({ id }, toClientRequest(input), [version], context));
  }

  @Mutation(() => OAuthClientPayload, {
    description: 'Disables a client. Its fields are kept, and its owner can see the status.',
  })
  async disableOAuthClient(
    @Args() { clientId: id, version }: VersionedClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.setStatus({ id }, 'disabled', versions(version), context));
  }

  @Mutation(() => OAuthClientPayload, {
    description: 'Enables a disabled client. Not permitted if its software statement has expired.',
  })
  async enableOAuthClient(
    @Args() { clientId: id, version }: VersionedClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.setStatus({ id }, 'active', versions(version), context));
  }

  @Mutation(() => OAuthClientPayload, { description: 'Marks a client as verified or unverified.' })
  async setOAuthClientVerified(
    @Args() { clientId: id, version, verified }: VerifyClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.setVerified({ id }, verified, versions(version), context));
  }

  @Mutation(() => OAuthClientPayload, {
    description: 'Deletes a client at every interface. It can be restored until it is purged.',
  })
  async deleteOAuthClient(
    @Args() { clientId: id, version }: VersionedClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.remove({ id }, versions(version), context));
  }

  @Mutation(() => OAuthClientPayload, {
    description: 'Restores a deleted client with its secrets and its registration access token.',
  })
  async restoreOAuthClient(
    @Args() { clientId: id }: OneClientArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<OAuthClientPayload> {
    return payload(await this.clients.restore({ id }, context));
  }

  @Mutation(() => IssueOAuthClientSecretPayload, {
    description:
      'Issues another secret for a client that authenticates with one. The response is the only one that contains its value.',
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

  @Mutation(() => RevokeOAuthClientSecretPayload, { description: 'Revokes a client secret immediately.' })
  async revokeOAuthClientSecret(
    @Args() { clientId: id, secretId, force }: RevokeSecretArgs,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<RevokeOAuthClientSecretPayload> {
    await this.secrets.revoke({ id }, secretId, force, context);
    return payload(await this.clients.get({ id }));
  }

  @Mutation(() => ReissueRegistrationAccessTokenPayload, {
    description:
      'Issues a new registration access token for a client and revokes the previous one (RFC 7592 §3).',
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
      'Reports that clients are in use. Call it from an authorization server that issued a code or token to them. It changes ' +
      'lastUsedAt only: version, updatedAt and history stay the same.',
  })
  @Access('service')
  async recordOAuthClientUse(
    @Args({
      name: 'clientIds',
      type: () => [ID],
      description: `The client_ids, at most ${MAX_REPORTED}. Clients already reported within the last hour are skipped.`,
    })
    clientIds: string[],
  ): Promise<RecordOAuthClientUsePayload> {
    return { count: await this.clientUse.recordUse(clientIds) };
  }

  @Mutation(() => BulkPayload, { description: 'Disables all matching active clients in one transaction.' })
  disableOAuthClients(@Args() args: BulkArgs, @CurrentContext('graphql') context: RequestContext) {
    return this.changeAll('disable', args, context);
  }

  @Mutation(() => BulkPayload, {
    description: 'Enables all matching disabled clients in one transaction.',
  })
  enableOAuthClients(@Args() args: BulkArgs, @CurrentContext('graphql') context: RequestContext) {
    return this.changeAll('enable', args, context);
  }

  @Mutation(() => BulkPayload, {
    description:
      'Deletes all matching clients in one transaction. They can be restored until they are purged.',
  })
  deleteOAuthClients(@Args() args: BulkArgs, @CurrentContext('graphql') context: RequestContext) {
    return this.changeAll('delete', args, context);
  }

  @Mutation(() => BulkPayload, {
    description:
      'Restores all matching deleted clients in one transaction, with their secrets and registration access tokens.',
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
