/** Schemas shared by the REST API and dynamic registration. */

export const URI = { type: 'string', format: 'uri' } as const;

export const NULLABLE_STRING = { type: 'string', nullable: true } as const;

export const STRINGS = { type: 'array' as const, items: { type: 'string' } };
export const URIS = { type: 'array' as const, items: { type: 'string', format: 'uri' } };
export const stringsOf = (values: readonly string[]) => ({
  type: 'array' as const,
  items: { type: 'string', enum: [...values] },
});
export const oneOf = (values: readonly string[]) => ({ type: 'string' as const, enum: [...values] });
