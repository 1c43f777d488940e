import fc from 'fast-check';
import {
  type GraphQLArgument,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';

/** Values of arguments and input fields by name, from what a caller knows. */
const KNOWN_VALUES: Partial<Record<string, readonly unknown[]>> = {
  clientId: ['{{clientId}}'],
  secretId: ['{{secretId}}'],
  version: ['{{#version}}', '{{#version}}', 1],
  after: ['{{cursor}}', null],
  first: [1, 2, 20, 100],
  initialAccessTokenId: ['{{initialAccessTokenId}}'],
  orgId: ['{{orgId}}', 'acme'],
  expireOthersIn: [0, 60, 3600],
  expectedCount: [0, 1],
  redirectHosts: [['localhost'], ['*.acme.example']],
  maxRegistrations: [1, 100],
};

/** By the name of the mutation, where arguments of one name mean different things. */
const IDS: Partial<Record<string, string>> = {
  revokeApiKey: '{{apiKeyId}}',
  revokeInitialAccessToken: '{{initialAccessTokenId}}',
  revokeGrant: '{{grantId}}',
};

const SCALARS: Partial<Record<string, fc.Arbitrary<unknown>>> = {
  Boolean: fc.boolean(),
  DateTime: fc.constantFrom('2026-01-01T00:00:00Z', '2027-06-01T12:00:00.5+02:00', '2029-01-01T00:00:00Z'),
  Float: fc.double(),
  ID: fc.constantFrom('{{clientId}}', 'a'),
  Int: fc.integer({ min: 0, max: 5_000 }),
  JSON: fc.jsonValue({ maxDepth: 2 }),
  JSONObject: fc.constant({ keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] }),
  String: fc.constantFrom('a', 'admin', 'Ünïcode', 'client_name#ja', '%'),
  URL: fc.constantFrom('https://example.com/cb', 'http://localhost:1/cb', 'cursor://cb'),
};

/** Values that a type allows, as JSON. */
function valuesOf(type: GraphQLInputType, name: string): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return valuesOf(type.ofType, name);
  const known = KNOWN_VALUES[name];
  if (known) return fc.constantFrom(...known);
  if (isListType(type)) return fc.uniqueArray(valuesOf(type.ofType, name), { maxLength: 3 });
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map((value) => value.name));
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    return fc.record(
      Object.fromEntries(fields.map((field) => [field.name, valuesOf(field.type, field.name)])),
      {
        requiredKeys: fields.filter(isRequiredInputField).map((field) => field.name),
        noNullPrototype: true,
      },
    );
  }
  return SCALARS[type.name] ?? fc.constant('a');
}

/** Arguments that a field allows, by name. */
export function argumentsOf(
  field: string,
  args: readonly GraphQLArgument[],
): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    Object.fromEntries(
      args.map(({ name, type }) => [
        name,
        name === 'id' && IDS[field] ? fc.constant(IDS[field]) : valuesOf(type, name),
      ]),
    ),
    { requiredKeys: args.filter(isRequiredArgument).map(({ name }) => name), noNullPrototype: true },
  );
}

/** A value as it is written in a query; `type` distinguishes enums. */
export function toLiteral(value: unknown, type: GraphQLInputType | undefined): string {
  if (isNonNullType(type)) return toLiteral(value, type.ofType);
  if (Array.isArray(value)) {
    const item = isListType(type) ? (type.ofType as GraphQLInputType) : undefined;
    return `[${value.map((each) => toLiteral(each, item)).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = isInputObjectType(type) ? type.getFields() : {};
    const members = Object.entries(value).map(
      ([name, member]) => `${name || '_'}: ${toLiteral(member, fields[name]?.type)}`,
    );
    return `{${members.join(', ')}}`;
  }
  if (typeof value === 'string' && (isEnumType(type) || value.startsWith('{{#'))) return value;
  return JSON.stringify(value) ?? 'null';
}
