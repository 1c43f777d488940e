import fc from 'fast-check';
import { hostileString, hostileValue } from './hostile.js';

/** Does one thing to a JSON value, at the place that a number chooses. */
type Mutation = (value: unknown, place: number) => unknown;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** A copy in which the member that `place` chooses, at any depth, is what `change` makes of it; undefined: left out. */
function changeMember(root: unknown, place: number, change: (value: unknown) => unknown): unknown {
  const copy = structuredClone(root);
  const places: [parent: Record<string, unknown>, name: string][] = [];
  const walk = (value: unknown) => {
    if (!isObject(value)) return;
    for (const [name, child] of Object.entries(value)) {
      places.push([value, name]);
      walk(child);
    }
  };
  walk(copy);
  const chosen = places[place % places.length];
  if (chosen === undefined) return change(copy) ?? null;
  const [parent, name] = chosen;
  const changed = change(parent[name]);
  if (changed === undefined) delete parent[name];
  else parent[name] = changed;
  return copy;
}

const replaced =
  (by: unknown): Mutation =>
  (value, place) =>
    changeMember(value, place, () => by);
const leftOut: Mutation = (value, place) => changeMember(value, place, () => undefined);
const repeated =
  (times: number): Mutation =>
  (value, place) =>
    changeMember(value, place, (child) => Array.from({ length: times }, () => child));
const withMember =
  (name: string, member: unknown): Mutation =>
  (value) =>
    isObject(value) && !Array.isArray(value) ? { ...value, [name]: member } : { [name]: member };

/** Members that schemas do not list: what RFC 7591 and its relatives register, and what objects have anyway. */
const EXTRA_MEMBERS = [
  'client_id',
  'client_secret',
  'client_uri',
  'contacts',
  'jwks',
  'jwks_uri',
  'software_id',
  'software_version',
  'software_statement',
  'application_type',
  'client_name#ja',
  'tos_uri#de-CH',
  'client_name#',
  'registration_access_token',
  'org_id',
  'constructor',
  'toString',
  'then',
  'a'.repeat(5_000),
];
const EXTRA_VALUES: readonly unknown[] = [
  '{{clientId}}',
  '{{clientSecret}}',
  '{{softwareStatement}}',
  '{{softwareStatement}}x',
  '{{hostileJwt}}',
  'https://example.com/jwks',
  ['ops@example.com'],
  'web',
  { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] },
];

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(withMember('software_statement', '{{hostileJwt}}')) },
  { weight: 4, arbitrary: hostileValue.map(replaced) },
  { weight: 1, arbitrary: fc.constant(leftOut) },
  { weight: 1, arbitrary: fc.constantFrom(2, 100, 2_000).map(repeated) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom(...EXTRA_MEMBERS) },
          { weight: 1, arbitrary: hostileString },
        ),
        fc.oneof(fc.constantFrom(...EXTRA_VALUES), hostileValue),
      )
      .map(([name, value]) => withMember(name, value)),
  },
);

/** What may befall a text that was JSON. */
const SPOILINGS: readonly ((text: string) => string)[] = [
  (text) => text.slice(0, text.length >> 1),
  (text) => `${text}}`,
  (text) => `${text}${text}`,
  (text) => `\ufeff${text}`,
  (text) => `${text}\0`,
  (text) => text.replace(/"/g, "'"),
  (text) => text.replace(/\}$/, ',}'),
  (text) => text.replace(/^\{/, '{"__proto__":{"polluted":true},'),
  (text) => text.replace(/^\{/, '{"\\u005f_proto__":1,'),
  (text) => text.replace(/^\{("[^"]*")/, '{$1:0,$1'),
  (text) => text.replace(/^\{/, '{"a":1e999,'),
  (text) => text.replace(/^\{/, `{"a":${'9'.repeat(400)},`),
  (text) => text.replace(/^\{/, '{"a":"\\ud800",'),
  (text) => text.replace(/^\{/, `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)},`),
  (text) => text.replace(/^\{/, `{"a":${'{"a":'.repeat(33)}1${'}'.repeat(33)},`),
  (text) => text.replace(/^\{/, `{${Array.from({ length: 4_000 }, (_, i) => `"m${i}":0,`).join('')}`),
  (text) => text.padEnd(64 * 1024, ' '),
  (text) => text.padEnd(64 * 1024 + 1, ' '),
  (text) => text.padEnd(300_000, 'x'),
  () => '',
  () => 'null',
  () => '[]',
  () => '"{}"',
  () => '0',
  () => '\0',
  () => '%7B%7D',
];

/** JSON texts: half of them valid, a third with one thing wrong, the rest anything. */
export function textsOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const mutated = fc
    .tuple(values, fc.array(fc.tuple(mutation, fc.nat({ max: 200 })), { minLength: 1, maxLength: 2 }))
    .map(([value, mutations]) =>
      mutations.reduce((changed, [mutate, place]) => mutate(changed, place), value),
    );
  return fc.oneof(
    { weight: 8, arbitrary: values.map((value) => JSON.stringify(value)) },
    { weight: 6, arbitrary: mutated.map((value) => JSON.stringify(value)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(values, fc.constantFrom(...SPOILINGS))
        .map(([value, spoil]) => spoil(JSON.stringify(value))),
    },
    { weight: 1, arbitrary: hostileValue.map((value) => JSON.stringify(value)) },
  );
}
