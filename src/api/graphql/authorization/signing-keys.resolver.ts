import { Args, Field, ID, Mutation, ObjectType, Query } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { RequestContext } from '../../../audit/audit-event.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import type { SigningKeyStatus } from '../../../authorization/keys/signing-key.js';
import { SigningKeys } from '../../../authorization/keys/signing-keys.js';
import { AdminResolver } from '../schema/admin-resolver.js';
import { SigningKeyStatusEnum } from '../schema/enums.js';

@ObjectType({ description: 'A key that signs JWT access tokens. The private key is never returned.' })
class SigningKey {
  @Field(() => ID, { description: 'The key id, as in the JWK Set and in the header of tokens.' })
  kid!: string;

  @Field(() => SigningKeyStatusEnum, { description: 'What the key is used for.' })
  status!: SigningKeyStatus;

  @Field(() => GraphQLDateTime, { description: 'When the key was created.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, { description: 'From when on the key signs.' })
  activeFrom!: Date;
}

@ObjectType({ description: 'The result of rotating the signing keys.' })
class RotateSigningKeysPayload {
  @Field(() => SigningKey, { description: 'The created key.' })
  signingKey!: SigningKey;
}

/** The keys that sign access tokens. */
@AdminResolver()
export class SigningKeysResolver {
  constructor(private readonly keys: SigningKeys) {}

  @Query(() => [SigningKey], {
    description:
      'The published signing keys, newest first. The first one is created when it is first needed.',
  })
  signingKeys(): Promise<SigningKey[]> {
    return this.keys.list();
  }

  @Mutation(() => RotateSigningKeysPayload, {
    description: 'Creates the next signing key. It is published for a day before it signs.',
  })
  async rotateSigningKeys(
    @Args('revokeOthers', {
      type: () => Boolean,
      defaultValue: false,
      description:
        'For a private key that leaked: the new key signs at once, and all others are removed. Tokens that they signed are not valid any ' +
        'more: here at once, on all instances within five seconds, and at resources as soon as they fetch the keys again.',
    })
    revokeOthers: boolean,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<RotateSigningKeysPayload> {
    return { signingKey: await this.keys.rotate(revokeOthers, context) };
  }
}
