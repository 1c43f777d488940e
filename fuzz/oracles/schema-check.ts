import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { JsonSchema } from '../generate/json-schema.js';
import type { OpenApiDocument } from '../openapi-document.js';

/** What is wrong with a value, in a few words that are the same for the same fault; undefined if it is valid. */
export type Check = (value: unknown) => string | undefined;

/** The identifier of the document within its references. */
const BASE = 'openapi';

const checksOf = (
  replies: Iterable<readonly [number, JsonSchema | null]>,
  checkOf: (schema: JsonSchema | null) => Check,
): Map<number, Check> => new Map([...replies].map(([status, schema]) => [status, checkOf(schema)]));

/** Checks of the replies of each operation, by their status. */
export function operationChecks(document: OpenApiDocument): Map<string, Map<number, Check>> {
  const checkOf = schemaChecks(document);
  return new Map(document.operations.map(({ id, replies }) => [id, checksOf(replies, checkOf)]));
}

/** Checks of the errors that any operation may answer, by their status. */
export function errorChecks(document: OpenApiDocument): Map<number, Check> {
  const errors = [...document.errors].map(([status, { schema }]) => [status, schema] as const);
  return checksOf(errors, schemaChecks(document));
}

/** Makes checks of the schemas of a document; null represents no value at all. */
function schemaChecks(document: OpenApiDocument): (schema: JsonSchema | null) => Check {
  // OpenAPI 3.1 is JSON Schema 2020-12 with a few words more
  const ajv = new Ajv2020({ strict: false, validateSchema: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: BASE, ...document.json });
  return (schema) => {
    if (schema === null) return (value) => (value === undefined ? undefined : 'there is a body');
    // Compiled by the first reply: most tests see a few of them
    let validate: ValidateFunction | undefined;
    return (value) => {
      validate ??= ajv.compile(withAbsoluteReferences(schema));
      if (validate(value)) return undefined;
      const [error] = validate.errors!;
      return `${error!.instancePath.replace(/\/\d+/g, '/*')} ${error!.message}`.trim();
    };
  };
}

const withAbsoluteReferences = (schema: JsonSchema) =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', `"$ref":"${BASE}#/`)) as JsonSchema;
