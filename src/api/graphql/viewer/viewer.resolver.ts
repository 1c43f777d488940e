import { Field, ID, ObjectType, Query } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import { CurrentPrincipal } from '../../../auth/principal/request-context.js';
import type { Principal, Role } from '../../../auth/principal/principal.js';
import { AdminResolver } from '../schema/admin-resolver.js';
import { RoleEnum } from '../schema/enums.js';

@ObjectType({ description: 'Whoever asks.' })
class Viewer {
  @Field(() => ID, {
    nullable: true,
    description: 'Their API key, as the audit trail names them; null: they showed a JWT.',
  })
  apiKeyId!: string | null;

  @Field(() => String, { nullable: true, description: 'What that key is for; null: they showed a JWT.' })
  name!: string | null;

  @Field({ description: 'Their organization.' })
  orgId!: string;

  @Field({ description: 'Their user.' })
  userId!: string;

  @Field(() => RoleEnum, { description: 'What they may do.' })
  role!: Role;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When they have to sign in again; null: they sent the key or the JWT itself.',
  })
  sessionExpiresAt!: Date | null;
}

/** Tells operators as whom they act. */
@AdminResolver()
export class ViewerResolver {
  @Query(() => Viewer, { description: 'Whoever asks.' })
  viewer(@CurrentPrincipal() { actor, keyName, ...principal }: Principal): Viewer {
    return { ...principal, apiKeyId: actor.type === 'api_key' ? actor.id : null, name: keyName };
  }
}
