import type { Type } from '@nestjs/common';
import { Field, InputType, ObjectType, type ReturnTypeFuncValue } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import type { ShownFields } from '../../../policy/client.js';
import {
  type ClientField,
  FIELD_ROWS,
  FIELDS,
  type FieldRow,
  isList,
  METADATA_FIELDS,
} from '../../../policy/fields.js';
import {
  ApplicationTypeEnum,
  ClientTypeEnum,
  GrantTypeEnum,
  TokenEndpointAuthMethodEnum,
} from '../schema/enums.js';
import { UrlScalar } from '../schema/scalars.js';

/** The fields of a client in the schema, generated from the rows of `policy/fields.ts`. */

type Shown = ShownFields<'graphql'>;

export const ABOUT = {
  name: 'The display name of the client. The clientId if it has no name.',
  orgId: 'The organization that owns the client. Null: registered anonymously.',
  userId: 'The user that owns the client. Null: no user.',
  translations: 'Localized metadata members (RFC 7591 §2.2).',
  clientType: `${FIELDS.type.description}.`,
  tokenEndpointAuthMethod: `${FIELDS.tokenEndpointAuthMethod.description}.`,
  allowedGrantTypes: `${FIELDS.grantTypes.description}.`,
};

/** Types by shape; a row with a list of values has an enum instead. */
const TYPES: Record<FieldRow['shape'], ReturnTypeFuncValue> = {
  text: String,
  uri: UrlScalar,
  flag: Boolean,
  object: GraphQLJSONObject,
  texts: [String],
  uris: [UrlScalar],
};
const ENUMS: Partial<Record<ClientField, ReturnTypeFuncValue>> = {
  type: ClientTypeEnum,
  tokenEndpointAuthMethod: TokenEndpointAuthMethodEnum,
  grantTypes: [GrantTypeEnum],
  applicationType: ApplicationTypeEnum,
};

/** Declares every field in `type` except `writtenOut`. */
function declareFields(
  type: Type,
  writtenOut: readonly string[],
  isNullable: (field: ClientField, row: FieldRow) => boolean,
): void {
  for (const [field, row] of FIELD_ROWS) {
    if (writtenOut.includes(row.graphql)) continue;
    const options = { description: `${row.description}.`, nullable: isNullable(field, row) };
    Field(() => ENUMS[field] ?? TYPES[row.shape], options)(type.prototype as object, row.graphql);
  }
}

@ObjectType({ isAbstract: true })
class ShownClientFields {}
const isNullable = (field: ClientField, row: FieldRow) =>
  !isList(row) && (field in METADATA_FIELDS || row.default === null);
declareFields(ShownClientFields, ['name'], isNullable);

/** The fields of an object type, without the name, which is never null. */
export const ClientFields = ShownClientFields as Type<Omit<Shown, 'name'>>;

@InputType({ isAbstract: true })
class OptionalClientFields {}
const WRITTEN_OUT = [
  'name',
  'clientType',
  'tokenEndpointAuthMethod',
  'allowedGrantTypes',
  'softwareStatement',
] as const;
declareFields(OptionalClientFields, WRITTEN_OUT, () => true);

type Optional = Omit<Shown, (typeof WRITTEN_OUT)[number]>;

/** The optional fields of an input. */
export const ClientInputFields = OptionalClientFields as Type<{ [F in keyof Optional]?: Optional[F] | null }>;
