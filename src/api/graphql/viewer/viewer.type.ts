import { Field, ID, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { Principal, Role } from '../../../auth/principal/principal.js';
import { RoleEnum } from '../schema/enums.js';

@ObjectType({ description: 'Whoever asks.' })
export class Viewer {
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

export function toViewer({ actor, keyName, orgId, userId, role, sessionExpiresAt }: Principal): Viewer {
  return {
    apiKeyId: actor.type === 'api_key' ? actor.id : null,
    name: keyName,
    orgId,
    userId,
    role,
    sessionExpiresAt,
  };
}
