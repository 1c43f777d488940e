import { Field, InputType, OmitType, PartialType } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { isTranslation } from '../../../policy/metadata-members.js';
import {
  type ApplicationType,
  type ClientType,
  readFields,
  type TokenEndpointAuthMethod,
} from '../../../policy/client.js';
import { FIELD_NAMES } from '../../../policy/fields.js';
import type { GrantType } from '../../../policy/grant-types.js';
import type { JsonWebKeySet } from '../../../policy/metadata/jwks.js';
import { ownerNameFaults } from '../../../policy/names/owner-name.js';
import type { Submission } from '../../../clients/client/client-request.js';
import type { FieldFaults } from '../../../errors/registry-error.js';
import { ABOUT } from './oauth-client.fields.js';
import {
  ApplicationTypeEnum,
  ClientTypeEnum,
  GrantTypeEnum,
  TokenEndpointAuthMethodEnum,
} from './oauth-client.type.js';
import { UrlScalar } from '../schema/scalars.js';

@InputType({ description: 'A member of the metadata in another language (RFC 7591 §2.2).' })
export class TranslationInput {
  @Field({ description: 'The full name of the member, such as client_name#ja.' })
  member!: string;

  @Field({ description: 'What it is in that language.' })
  value!: string;
}

@InputType({ description: 'A client as it is to be. The rules are those of every door.' })
export class CreateOAuthClientInput {
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

  @Field(() => [String], { nullable: true, description: ABOUT.allowedScopes })
  allowedScopes?: string[] | null;

  @Field(() => [UrlScalar], { nullable: true, description: ABOUT.redirectUris })
  redirectUris?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: ABOUT.requirePkce })
  requirePkce?: boolean | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.logoUri })
  logoUri?: string | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.policyUri })
  policyUri?: string | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.tosUri })
  tosUri?: string | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.clientUri })
  clientUri?: string | null;

  @Field(() => [String], { nullable: true, description: ABOUT.contacts })
  contacts?: string[] | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.jwksUri })
  jwksUri?: string | null;

  @Field(() => GraphQLJSONObject, { nullable: true, description: ABOUT.jwks })
  jwks?: JsonWebKeySet | null;

  @Field(() => String, { nullable: true, description: ABOUT.tokenEndpointAuthSigningAlg })
  tokenEndpointAuthSigningAlg?: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.softwareId })
  softwareId?: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.softwareVersion })
  softwareVersion?: string | null;

  @Field(() => ApplicationTypeEnum, { nullable: true, description: ABOUT.applicationType })
  applicationType?: ApplicationType | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.initiateLoginUri })
  initiateLoginUri?: string | null;

  @Field(() => [UrlScalar], { nullable: true, description: ABOUT.postLogoutRedirectUris })
  postLogoutRedirectUris?: string[] | null;

  @Field(() => [TranslationInput], { nullable: true, description: ABOUT.translations })
  translations?: TranslationInput[] | null;
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
  const given: Partial<Record<string, unknown>> = { ...input };
  const { translations } = input;
  return {
    draft: {
      ...readFields('graphql', input),
      ...(translations !== undefined && {
        translations: Object.fromEntries((translations ?? []).map(({ member, value }) => [member, value])),
      }),
    },
    faults: { ...nullFaults(given), ...translationFaults(translations ?? []), ...ownerFaults(input) },
    names: FIELD_NAMES.graphql,
    refusalCode: () => 'validation_error',
  };
}

function nullFaults(given: Partial<Record<string, unknown>>): FieldFaults {
  const nulls = INDISPENSABLE.filter((name) => given[name] === null);
  return Object.fromEntries(
    nulls.map((name) => [name, ['must not be null; leave it out to keep what is there']]),
  );
}

function translationFaults(translations: TranslationInput[]): FieldFaults {
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
