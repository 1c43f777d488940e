import type { INestApplication } from '@nestjs/common';
import { errorChecks, operationChecks } from '../../../fuzz/oracles/schema-check.js';
import { OpenApiDocument } from '../../../fuzz/openapi-document.js';
import { createOpenApiDocument } from '../../../src/api/documentation/openapi.js';

/** The checks of the document, and its routes with the id of each. */
interface Documented {
  operations: ReturnType<typeof operationChecks>;
  errors: ReturnType<typeof errorChecks>;
  routes: { id: string; method: string; path: RegExp }[];
}

let documented: Documented | undefined;

function documentedBy(app: INestApplication): Documented {
  const document = new OpenApiDocument(createOpenApiDocument(app) as never);
  const routes = document.operations.map(({ id, method, path }) => ({
    id,
    method,
    path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  return { routes, operations: operationChecks(document), errors: errorChecks(document) };
}

/** @throws Error if the OpenAPI document does not promise the reply to a request of REST */
export function checkDocumented(
  app: INestApplication,
  { method, url }: { method: string; url: string },
  { status, body }: { status: number; body: unknown },
): void {
  const { pathname, searchParams } = new URL(url);
  // What the SDKs call, and the document leaves out, is the same controller
  const path = pathname.replace('/v2/oauth_clients', '/v2/oauth/clients');
  if (!path.startsWith('/v2/') || method === 'HEAD' || method === 'OPTIONS') return;
  documented ??= documentedBy(app);
  const { routes, operations, errors } = documented;
  const { id = '' } = routes.find((each) => each.method === method && each.path.test(path)) ?? {};
  // The description mentions it; to the contract it would be another status
  if (status === 200 && searchParams.get('dry_run') === 'true') return;
  const check = (status < 400 ? operations.get(id) : errors)?.get(status);
  const fault = check ? check(body) : 'the OpenAPI document does not have that status';
  if (fault !== undefined) {
    throw new Error(`${method} ${path} was answered ${status}: ${fault}\n${JSON.stringify(body)}`);
  }
}
