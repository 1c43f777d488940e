import { STATUS_CODES } from 'node:http';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { ERROR_HELP, ERROR_STATUS, type ErrorCode } from '../../errors/registry-error.js';
import { oneOf, STRINGS } from './openapi-schemas.js';
import { DOCS_PATH } from '../../config/paths.js';
import { PublicUrl } from '../../http/responses/public-url.js';
import { StaticFiles } from '../../http/responses/static-files.js';

/** Request schemas that reject additional properties. */
const CLOSED_SCHEMAS = [
  'OAuthClientCreateRequest',
  'OAuthClientUpdateRequest',
  'OAuthClientSecretCreateRequest',
  'OAuthDynamicRegistrationRequest',
];

/** The alias of the REST API, omitted to document each operation once. */
const ALIAS = '/v2/oauth_clients';

const DESCRIPTION = `Registers and manages OAuth 2.0 clients.

\`${ALIAS}\` is an alias of \`/v2/oauth/clients\` with the same operations.

Error responses have the body \`{ error, error_description }\`, with \`invalid_fields\` if fields are invalid. In addition to
its listed statuses, every operation can return the errors in \`components.responses\`, which are listed by status.`;

/** Statuses of malformed HTTP requests; other statuses belong to error codes. */
const UNREADABLE_STATUSES = [408, 431];

/** Additional headers of errors by status. */
const ERROR_HEADERS: Partial<Record<number, string>> = {
  401: 'WWW-Authenticate',
  405: 'Allow',
  429: 'Retry-After',
  503: 'Retry-After',
};

/** The errors of every operation by status. */
function errorResponses() {
  const codes = new Map<number, ErrorCode[]>(
    UNREADABLE_STATUSES.map((status) => [status, ['invalid_request']]),
  );
  for (const [code, status] of Object.entries(ERROR_STATUS)) {
    codes.set(status, [...(codes.get(status) ?? []), code as ErrorCode]);
  }
  return Object.fromEntries([...codes].map(([status, values]) => [status, errorResponse(status, values)]));
}

const errorResponse = (status: number, codes: ErrorCode[]) => ({
  description: STATUS_CODES[status] ?? '',
  headers: Object.fromEntries(
    ['Cache-Control', ERROR_HEADERS[status]]
      .filter((name) => name !== undefined)
      .map((name) => [name, { required: true, schema: { type: 'string' } }]),
  ),
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          error: {
            ...oneOf(codes),
            description: codes.map((code) => `${code}: ${ERROR_HELP[code]}`).join('\n\n'),
          },
          error_description: { type: 'string' },
          invalid_fields: { type: 'object', additionalProperties: STRINGS },
        },
        required: ['error', 'error_description'],
        additionalProperties: false,
      },
    },
  },
});

/** The OpenAPI document, generated from the decorators. */
export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setOpenAPIVersion('3.1.0')
      .setTitle('OAuth client registry')
      .setVersion('2.0.0')
      .setDescription(DESCRIPTION)
      .addServer(app.get(PublicUrl, { strict: false }).of(''))
      .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'bearerAuth')
      .build(),
  );
  for (const name of CLOSED_SCHEMAS) {
    Object.assign(document.components?.schemas?.[name] ?? {}, { additionalProperties: false });
  }
  document.components = { ...document.components, responses: errorResponses() };
  for (const path of Object.keys(document.paths)) {
    if (path.startsWith(ALIAS)) delete document.paths[path];
  }
  return document;
}

/** The files of Swagger UI. */
const UI_DIRECTORY = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
/** A separate file because the Content-Security-Policy forbids inline scripts. */
const START_SCRIPT = 'start.js';
/** Relative to this script, since a proxy may add a path prefix. */
const START = `SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
});
`;

/** @param toFiles the relative path from the page to its files */
const pageWith = (toFiles: string) => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>OAuth client registry: REST API</title>
  <link rel="icon" type="image/png" href="${toFiles}favicon-32x32.png">
  <link rel="stylesheet" href="${toFiles}swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="${toFiles}swagger-ui-bundle.js"></script>
  <script src="${toFiles}swagger-ui-standalone-preset.js"></script>
  <script src="${toFiles}${START_SCRIPT}"></script>
</body>
</html>
`;

/** Serves `/openapi.json` and Swagger UI at `/docs`. The document is created on the first request. */
export function serveOpenApi(fastify: FastifyInstance, app: INestApplication): void {
  SwaggerModule.setup(DOCS_PATH, app, () => createOpenApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    ui: false,
  });
  const html = 'text/html; charset=utf-8';
  fastify.get(DOCS_PATH, (_request, reply) => reply.type(html).send(pageWith(`.${DOCS_PATH}/`)));
  fastify.get(`${DOCS_PATH}/`, (_request, reply) => reply.type(html).send(pageWith('./')));
  fastify.get(`${DOCS_PATH}/${START_SCRIPT}`, (_request, reply) => reply.type('text/javascript').send(START));
  new StaticFiles(UI_DIRECTORY).serve(fastify, `${DOCS_PATH}/`);
}
