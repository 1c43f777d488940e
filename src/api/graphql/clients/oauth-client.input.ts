import { Field, InputType, OmitType, PartialType } from '@nestjs/graphql';
import { isTranslation } from '../../../policy/metadata-members.js';
import { type ClientType, readFields, type TokenEndpointAuthMethod } from '../../../policy/client.js';
import { FIELD_NAMES } from '../../../policy/fields.js';
import type { GrantType } from '../../../policy/grants/grant-types.js';
import { ownerNameFaults } from '../../../policy/names/owner-name.js';
import type { ClientRequest } from '../../../clients/client/client-request.js';
import type { FieldFaults } from '../../../errors/registry-error.js';
import { ClientTypeEnum, GrantTypeEnum, TokenEndpointAuthMethodEnum } from '../schema/enums.js';
import { ABOUT, ClientInputFields } from './oauth-client.fields.js';
import { Translation } from './oauth-client.type.js';

@InputType({ description: 'The client to create. The validation rules are the same at every interface.' })
export class CreateOAuthClientInput extends ClientInputFields {
  @Field({ description: 'The organization that owns the client.' })
  orgId!: string;

  @Field(() => String, { nullable: true, description: ABOUT.userId })
  userId?: string | null;

  @Field({ description: ABOUT.name })
  name!: string;

  @Field(() => ClientTypeEnum, { description: ABOUT.clientType })
  clientType!: ClientType;

  @Field(() => TokenEndpointAuthMethodEnum, {
    nullable: true,
    description: `${ABOUT.tokenEndpointAuthMethod} Must be NONE for a PUBLIC client and another method for a CONFIDENTIAL client.`,
  })
  tokenEndpointAuthMethod?: TokenEndpointAuthMethod | null;

  @Field(() => [GrantTypeEnum], { description: ABOUT.allowedGrantTypes })
  allowedGrantTypes!: GrantType[];

  @Field(() => [Translation], { nullable: true, description: ABOUT.translations })
  translations?: Translation[] | null;
}

@InputType({
  description:
    'The fields to change. Omitted fields keep their value; null removes a value. The clientType cannot be changed.',
})
export class UpdateOAuthClientInput extends PartialType(
  OmitType(CreateOAuthClientInput, ['orgId', 'userId', 'clientType'] as const),
) {}

/** Required fields, which cannot be removed by null. */
const INDISPENSABLE = ['name', 'tokenEndpointAuthMethod', 'allowedGrantTypes'] as const;

/** The fields of an input: an omitted field is absent, a null field is undefined. */
export function toClientRequest(input: CreateOAuthClientInput | UpdateOAuthClientInput): ClientRequest {
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
    errorCode: () => 'validation_error',
  };
}

function nullFaults(input: CreateOAuthClientInput | UpdateOAuthClientInput): FieldFaults {
  const nulls = INDISPENSABLE.filter((name) => input[name] === null);
  return Object.fromEntries(
    nulls.map((name) => [name, ['must not be null; omit the field to keep its value']]),
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
