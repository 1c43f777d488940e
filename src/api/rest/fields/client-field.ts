import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Flag, MayBeAbsent, MayBeNull, Member, OneOf, Text, TextList } from '../../../http/requests/shape.js';
import { type ClientField, type FieldRow, FIELDS } from '../../../policy/fields.js';
import { oneOf, STRINGS, stringsOf, URI, URIS } from '../../documentation/openapi-schemas.js';

/** The OpenAPI schema and the validator of each shape. */
const SHAPES: Record<FieldRow['shape'], [schema: ApiPropertyOptions, check: () => PropertyDecorator]> = {
  text: [{ type: 'string' }, Text],
  uri: [URI, Text],
  flag: [{ type: 'boolean' }, Flag],
  object: [{ type: 'object', additionalProperties: true }, Member],
  texts: [STRINGS, TextList],
  uris: [URIS, TextList],
};

function shapeOf({ shape, values }: FieldRow): [schema: ApiPropertyOptions, check: PropertyDecorator] {
  if (values === undefined) return [SHAPES[shape][0], SHAPES[shape][1]()];
  return shape === 'texts' ? [stringsOf(values), TextList(values)] : [oneOf(values), OneOf(values)];
}

type Options = ApiPropertyOptions & {
  /** Null removes the value. */
  nullable?: boolean;
};

const documented = (row: FieldRow, description: string, options: Options) =>
  ApiProperty({ ...shapeOf(row)[0], description, required: false, ...options } as ApiPropertyOptions);

/**
 * A client field in a request, documented and validated as in its row. Optional unless `required`.
 * @param values a subset of the row's values
 */
export function RequestField(
  field: ClientField,
  options: Options = {},
  values: FieldRow['values'] = (FIELDS[field] as FieldRow).values,
): PropertyDecorator {
  const row: FieldRow = { ...FIELDS[field], values };
  const { required, nullable } = options;
  const description = `${row.description}${row.limits ?? ''}${nullable ? '; null removes it' : ''}`;
  return applyDecorators(
    documented(row, description, options),
    ...(required ? [] : [nullable ? MayBeNull() : MayBeAbsent()]),
    shapeOf(row)[1],
  );
}

/** A client field in a response, documented as in its row. */
export const ReplyField = (field: ClientField, options: Options = {}): PropertyDecorator =>
  documented(FIELDS[field], FIELDS[field].description, options);
