/** Pieces that the documented properties of both REST doors are made of. */

export const URI = { type: 'string', format: 'uri' } as const;

// OpenAPI 3.1 takes a list of types; the decorators' own typing knows only one
const STRING_OR_NULL = ['string', 'null'] as unknown as 'string';
export const NULLABLE_STRING = { type: STRING_OR_NULL };
export const NULLABLE_URI = { type: STRING_OR_NULL, format: 'uri' };

export const STRINGS = { type: 'array' as const, items: { type: 'string' } };
export const URIS = { type: 'array' as const, items: { type: 'string', format: 'uri' } };
export const stringsOf = (values: readonly string[]) => ({
  type: 'array' as const,
  items: { type: 'string', enum: [...values] },
});
export const oneOf = (values: readonly string[]) => ({ type: 'string' as const, enum: [...values] });
