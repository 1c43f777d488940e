import type { JsonSchema } from './generate/json-schema.js';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema: JsonSchema;
}

interface ResponseObject {
  headers?: Record<string, { required?: boolean }>;
  content?: Partial<Record<'application/json', { schema: JsonSchema }>>;
}

interface OperationObject {
  operationId: string;
  parameters?: Parameter[];
  security?: unknown[];
  requestBody?: { content: Record<'application/json', { schema: JsonSchema }> };
  responses: Record<string, ResponseObject>;
}

interface Document {
  paths: Record<string, Record<string, OperationObject>>;
  components: { schemas: Record<string, JsonSchema>; responses: Record<string, ResponseObject> };
}

/** What a caller can do, as the document says. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  parameters: readonly Parameter[];
  /** Null if it takes no body. */
  requestSchema: JsonSchema | null;
  isSecured: boolean;
  /** Schemas of the replies, by status; null if a reply has no body. */
  replies: ReadonlyMap<number, JsonSchema | null>;
}

/** The OpenAPI document of a service, as its callers read it. */
export class OpenApiDocument {
  readonly operations: readonly Operation[];
  /** The errors that any operation may answer, by status, each with the header fields that it has. */
  readonly errors: ReadonlyMap<number, { schema: JsonSchema | null; headers: readonly string[] }>;

  constructor(readonly json: Document) {
    this.errors = new Map(
      Object.entries(json.components.responses).map(([status, response]) => [
        Number(status),
        { schema: schemaOf(response), headers: Object.keys(response.headers ?? {}) },
      ]),
    );
    this.operations = Object.entries(json.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        parameters: operation.parameters ?? [],
        requestSchema: operation.requestBody?.content['application/json'].schema ?? null,
        isSecured: (operation.security ?? []).length > 0,
        replies: repliesOf(operation.responses),
      })),
    );
  }

  static async of(url: string): Promise<OpenApiDocument> {
    const response = await fetch(`${url}/openapi.json`);
    return new OpenApiDocument((await response.json()) as Document);
  }

  /** @param ref such as `#/components/schemas/OAuthClient` */
  resolve(ref: string): unknown {
    return ref
      .split('/')
      .slice(1)
      .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], this.json);
  }
}

const schemaOf = ({ content }: ResponseObject) => content?.['application/json']?.schema ?? null;

const repliesOf = (responses: Record<string, ResponseObject>) =>
  new Map(Object.entries(responses).map(([status, response]) => [Number(status), schemaOf(response)]));
