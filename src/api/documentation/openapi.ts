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

/** Schemas of requests: what is not listed in them is refused. */
const CLOSED_SCHEMAS = [
  'OAuthClientCreateRequest',
  'OAuthClientUpdateRequest',
  'OAuthClientSecretCreateRequest',
  'OAuthDynamicRegistrationRequest',
];

/** The second path of the REST door, left out because every operation would be there twice. */
const ALIAS = '/v2/oauth_clients';

const DESCRIPTION = `Applications become OAuth 2.0 clients here.

\`${ALIAS}\` is another name of \`/v2/oauth/clients\`, with the same operations.

Every error has the body \`{ error, error_description }\`, and \`invalid_fields\` where fields are to blame. Besides the
statuses listed with an operation, any may answer those of \`components.responses\`, which has every error by its status.`;

/** What a request that is no readable HTTP is answered with; all other statuses are those of an error code. */
const UNREADABLE_STATUSES = [408, 431];

/** Header fields that come with an error of that status, besides those of every error. */
const ERROR_HEADERS: Partial<Record<number, string>> = {
  401: 'WWW-Authenticate',
  405: 'Allow',
  429: 'Retry-After',
  503: 'Retry-After',
};

/** The errors that any operation may answer, by status. */
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

/** The OpenAPI description of the REST doors, made from their decorators. */
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

/** The files of the page that shows the description. */
const UI_DIRECTORY = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
/** The script with which the page starts: a file of its own, since pages here may run none that is part of them. */
const START_SCRIPT = 'start.js';
/** The description lies beside the folder of this script, whatever path a proxy serves both below. */
const START = `SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
});
`;

/** @param toFiles from the page to its files */
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

/** Serves the description at `/openapi.json`, and at `/docs` for people. It is made on the first request. */
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
