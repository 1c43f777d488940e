import type { INestApplication } from '@nestjs/common';
import { type Check, schemaChecks } from '../../fuzz/oracles/schema-check.js';
import { OpenApiDocument } from '../../fuzz/openapi-document.js';
import { createOpenApiDocument } from '../../src/api/documentation/openapi.js';

/** Of a route, the check of each status that the document has for it; and of each error, wherever it comes. */
interface Checks {
  routes: { method: string; path: RegExp; replies: Map<number, Check> }[];
  errors: Map<number, Check>;
}

let checks: Checks | undefined;

function checksOf(app: INestApplication): Checks {
  const document = new OpenApiDocument(createOpenApiDocument(app) as never);
  const checkOf = schemaChecks(document);
  const toChecks = (replies: Iterable<[number, Parameters<typeof checkOf>[0]]>) =>
    new Map([...replies].map(([status, schema]): [number, Check] => [status, checkOf(schema)]));
  return {
    routes: document.operations.map(({ method, path, replies }) => ({
      method,
      path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      replies: toChecks(replies),
    })),
    errors: toChecks([...document.errors].map(([status, { schema }]) => [status, schema])),
  };
}

/** @throws Error where the OpenAPI document does not promise the reply to a request of REST */
export function checkDocumented(
  app: INestApplication,
  { method, url }: { method: string; url: string },
  { status, body }: { status: number; body: unknown },
): void {
  const { pathname, searchParams } = new URL(url);
  // What the SDKs call, and the document leaves out, is the same controller
  const path = pathname.replace('/v2/oauth_clients', '/v2/oauth/clients');
  if (!path.startsWith('/v2/') || method === 'HEAD' || method === 'OPTIONS') return;
  checks ??= checksOf(app);
  const route = checks.routes.find((each) => each.method === method && each.path.test(path));
  // The description tells of it; to the contract it would be another status
  if (status === 200 && searchParams.get('dry_run') === 'true') return;
  const check = (status < 400 ? route?.replies : checks.errors)?.get(status);
  const fault = check ? check(body) : 'the OpenAPI document does not have that status';
  if (fault !== undefined) {
    throw new Error(`${method} ${path} was answered ${status}: ${fault}\n${JSON.stringify(body)}`);
  }
}
