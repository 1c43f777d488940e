import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PublicUrl } from './public-url.js';

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
statuses listed with an operation, any may answer 404, 405, 413, 415, 429, 500 or 503 in that form.`;

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
  for (const path of Object.keys(document.paths)) {
    if (path.startsWith(ALIAS)) delete document.paths[path];
  }
  return document;
}

/** Serves the description at `/openapi.json`, and at `/docs` for people. It is made on the first request. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app), { jsonDocumentUrl: 'openapi.json' });
}
