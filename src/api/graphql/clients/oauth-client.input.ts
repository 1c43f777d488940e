import { Field, InputType, OmitType, PartialType } from '@nestjs/graphql';
import { isTranslation } from '../../../policy/metadata-members.js';
import { type ClientType, readFields, type TokenEndpointAuthMethod } from '../../../policy/client.js';
import { FIELD_NAMES } from '../../../policy/fields.js';
import type { GrantType } from '../../../policy/grant-types.js';
import { ownerNameFaults } from '../../../policy/names/owner-name.js';
import type { Submission } from '../../../clients/client/client-request.js';
import type { FieldFaults } from '../../../errors/registry-error.js';
import { ClientTypeEnum, GrantTypeEnum, TokenEndpointAuthMethodEnum } from '../schema/enums.js';
import { ABOUT, ClientInputFields } from './oauth-client.fields.js';
import { Translation } from './oauth-client.type.js';

@InputType({ description: 'A client as it is to be. The rules are those of every door.' })
export class CreateOAuthClientInput extends ClientInputFields {
  @Field({ description: 'The organization that will own it.' })
  orgId!: string;

  @Field(() => String, { nullable: true, description: ABOUT.userId })
  userId?: string | null;

  @Field({ description: ABOUT.name })
  name!: string;

  @Field(() => ClientTypeEnum, { description: ABOUT.clientType })
  clientType!: ClientType;

  @Field(() => TokenEndpointAuthMethodEnum, {
    nullable: true,
    description: `${ABOUT.tokenEndpointAuthMethod} Must fit the clientType.`,
  })
  tokenEndpointAuthMethod?: TokenEndpointAuthMethod | null;

  @Field(() => [GrantTypeEnum], { description: ABOUT.allowedGrantTypes })
  allowedGrantTypes!: GrantType[];

  @Field(() => [Translation], { nullable: true, description: ABOUT.translations })
  translations?: Translation[] | null;
}

@InputType({
  description: 'What is to change: what is left out stays, null takes away. The clientType cannot change.',
})
export class UpdateOAuthClientInput extends PartialType(
  OmitType(CreateOAuthClientInput, ['orgId', 'userId', 'clientType'] as const),
) {}

/** Fields that every client has: there is nothing to be taken away. */
const INDISPENSABLE = ['name', 'tokenEndpointAuthMethod', 'allowedGrantTypes'] as const;

/** What an input names, and nothing else: a field that was left out is not there, one that was null is undefined. */
export function toSubmission(input: CreateOAuthClientInput | UpdateOAuthClientInput): Submission {
  const { translations } = input;
  return {
    draft: {
      ...readFields('graphql', input),
      ...(translations !== undefined && {
        translations: Object.fromEntries((translations ?? []).map(({ member, value }) => [member, value])),
      }),
    },
    faults: { ...nullFaults(input), ...translationFaults(translations ?? []), ...ownerFaults(input) },
    names: FIELD_NAMES.graphql,
    refusalCode: () => 'validation_error',
  };
}

function nullFaults(input: CreateOAuthClientInput | UpdateOAuthClientInput): FieldFaults {
  const nulls = INDISPENSABLE.filter((name) => input[name] === null);
  return Object.fromEntries(
    nulls.map((name) => [name, ['must not be null; leave it out to keep what is there']]),
  );
}

function translationFaults(translations: Translation[]): FieldFaults {
  const faults = translations.flatMap(({ member }, index) =>
    isTranslation(member) ? [] : [`entry ${index + 1} must have a member such as client_name#ja`],
  );
  return faults.length > 0 ? { translations: faults } : {};
}

function ownerFaults(input: CreateOAuthClientInput | UpdateOAuthClientInput): FieldFaults {
  if (!('orgId' in input)) return {};
  const { orgId, userId } = input;
  const faults = {
    orgId: ownerNameFaults(orgId),
    userId: typeof userId === 'string' ? ownerNameFaults(userId) : [],
  };
  return Object.fromEntries(Object.entries(faults).filter(([, found]) => found.length > 0));
}
