import fc from 'fast-check';

/** The part of JSON Schema that the document is written in. */
export interface JsonSchema {
  $ref?: string;
  type?: string | readonly string[];
  enum?: readonly unknown[];
  format?: string;
  properties?: Record<string, JsonSchema>;
  required?: readonly string[];
  items?: JsonSchema;
  allOf?: readonly JsonSchema[];
  minimum?: number;
  maximum?: number;
}

/** Finds what a reference means. */
export type Resolve = (ref: string) => JsonSchema;

const FORMATS: Partial<Record<string, fc.Arbitrary<string>>> = {
  uri: fc.oneof(
    {
      weight: 12,
      arbitrary: fc.constantFrom('https://example.com/cb', 'https://example.com/', 'https://a.example/?b=c'),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'http://localhost:8080/cb',
        'http://[::1]/',
        'com.example.app:/cb',
        'cursor://x',
      ),
    },
    { weight: 1, arbitrary: fc.webUrl({ validSchemes: ['https'], withQueryParameters: true }) },
  ),
  'date-time': fc
    .date({ min: new Date('2026-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
};

const words = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('admin', 'read', 'write', 'a:b', 'invoices:read', 'code', 'x') },
  { weight: 1, arbitrary: fc.constant('Ünïcode 名前') },
);

/** Values that a schema allows. */
export function valuesOf(schema: JsonSchema, resolve: Resolve): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return valuesOf(resolve(schema.$ref), resolve);
  if (schema.allOf !== undefined) {
    return fc
      .tuple(...schema.allOf.map((part) => valuesOf(part, resolve)))
      .map((parts) => Object.assign({}, ...parts) as unknown);
  }
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  return fc.oneof(...[schema.type ?? 'object'].flat().map((type) => valuesOfType(type, schema, resolve)));
}

function valuesOfType(type: string, schema: JsonSchema, resolve: Resolve): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object': {
      const properties = Object.entries(schema.properties ?? {});
      return fc.record(
        Object.fromEntries(properties.map(([name, value]) => [name, valuesOf(value, resolve)])),
        {
          requiredKeys: [...(schema.required ?? [])],
          noNullPrototype: true,
        },
      );
    }
    case 'array':
      return fc.uniqueArray(valuesOf(schema.items ?? {}, resolve), { maxLength: 4 });
    case 'string':
      return FORMATS[schema.format ?? ''] ?? words;
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 2 ** 31 });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      throw new Error(`The fuzzer knows no schema of the type ${type}`);
  }
}
