import { Field, ID, ObjectType, Query } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import { CurrentPrincipal } from '../../../auth/principal/request-context.js';
import type { Principal, Role } from '../../../auth/principal/principal.js';
import { AdminResolver } from '../schema/admin-resolver.js';
import { RoleEnum } from '../schema/enums.js';

@ObjectType({ description: 'The authenticated user.' })
class Viewer {
  @Field(() => ID, {
    nullable: true,
    description: 'The id of the API key, as in the audit log. Null: authenticated with a JWT.',
  })
  apiKeyId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The purpose of the API key. Null: authenticated with a JWT.',
  })
  name!: string | null;

  @Field({ description: 'The organization of the user.' })
  orgId!: string;

  @Field({ description: 'The id of the user.' })
  userId!: string;

  @Field(() => RoleEnum, { description: 'The role of the user.' })
  role!: Role;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the console session expires. Null: the request contained the API key or the JWT.',
  })
  sessionExpiresAt!: Date | null;
}

/** The principal of the request. */
@AdminResolver()
export class ViewerResolver {
  @Query(() => Viewer, { description: 'The authenticated user.' })
  viewer(@CurrentPrincipal() { actor, keyName, ...principal }: Principal): Viewer {
    return { ...principal, apiKeyId: actor.type === 'api_key' ? actor.id : null, name: keyName };
  }
}
