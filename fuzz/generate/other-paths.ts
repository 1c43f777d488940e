import { METHODS } from 'node:http';
import fc from 'fast-check';
import type { HttpRequest } from '../http-request.js';
import type { OpenApiDocument } from '../openapi-document.js';
import { headersWith } from './headers.js';
import { textsOf } from './json-text.js';

/** Paths that the document does not list, or that are none at all. */
const PATHS = [
  '/',
  '//',
  '/*',
  '*',
  '/.',
  '/..',
  '/health',
  '/health/live',
  '/health/live/',
  '/health/ready?x=%ff',
  '/health//ready',
  '/HEALTH/LIVE',
  '/docs',
  '/docs/',
  '/docs/../openapi.json',
  '/docs/swagger-ui.css',
  '/docs/%2e%2e/%2e%2e/package.json',
  '/docs/swagger-ui-init.js',
  '/docs-json',
  '/docs-yaml',
  '/openapi.json',
  '/graphql',
  '/graphql/',
  '/graphql/explorer/',
  '/graphql/explorer/..%2f..%2fpackage.json',
  '/graphql/explorer/%00',
  '/graphql/explorer/....//....//etc/passwd',
  '/v2',
  '/v2/',
  '/v2/oauth',
  '/v2/oauth/clients/',
  '/v2/oauth/clients//',
  '/v2/oauth/clients/../clients',
  '/v2/oauth/clients/%2e%2e/clients',
  '/v2/oauth/clients/%',
  '/v2/oauth/clients/%ff',
  '/v2/oauth/clients/%00',
  '/v2/oauth/clients/%F0%9F%98%80',
  '/v2/oauth/clients;a=b',
  '/v2/oauth/clients/{client_id}',
  `/v2/oauth/clients/${'a'.repeat(101)}`,
  `/v2/oauth/clients/${'a'.repeat(10_000)}`,
  '/v2/oauth/clients/{{clientId}}/',
  '/v2/oauth/clients/{{clientId}}/secrets/',
  '/v2/oauth/clients/{{clientId}}/secrets/{{secretId}}/x',
  '/v2/oauth/register/',
  '/v2/oauth/register/{{clientId}}?x=1',
  '/V2/OAuth/Clients',
  `/${'a/'.repeat(4_000)}`,
  '/.env',
  '/.git/config',
  '/data/registry.sqlite',
  '/__proto__',
  '/constructor',
  '/\\',
  'http://evil.example/health/live',
] as const;

/** Every method at every path, those of the document included. */
export function otherRequests(document: OpenApiDocument): fc.Arbitrary<HttpRequest> {
  const documented = Object.keys(document.json.paths).map((path) =>
    path.replace('{client_id}', '{{clientId}}').replace('{secret_id}', '{{secretId}}'),
  );
  // CONNECT asks for a tunnel: no request comes of it (see raw-http.ts)
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  return fc
    .record({
      method: fc.oneof(fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST'), fc.constantFrom(...methods)),
      path: fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...PATHS) }, fc.constantFrom(...documented)),
      headers: headersWith(['Bearer {{member}}', 'Bearer {{admin}}'], 'application/json'),
      body: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, textsOf(fc.constant({ name: 'a' }))),
    })
    .map((request) => ({
      ...request,
      // A HEAD whose body is read, or a GET, is equivalent
      label: 'other paths and methods',
      encoding: 'utf8',
    }));
}
