import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from '@nestjs/common';
import { PublicUrl } from './api/public-url.js';
import type { Config } from './config/config.js';

/**
 * Tells where the service listens and how to call it, and what is missing; the first time also the key that was made.
 * The key goes to standard output past the log: it is to be read by a person once, and kept by nobody else.
 */
export async function announce(
  app: NestFastifyApplication,
  config: Config,
  apiKey: string | null,
): Promise<void> {
  const publicUrl = app.get(PublicUrl, { strict: false });
  const url = publicUrl.listening();
  // A warning, so that it is seen: what Nest calls "log" is for debugging here
  if (config.production) new Logger('Start').warn(`Listening on ${url}`);
  if (config.adminConsole) {
    const { isConsoleBuilt } = await import('./api/console/pages.js');
    if (!isConsoleBuilt()) new Logger('Start').warn('There is no admin console: npm run build makes it.');
  }
  process.stdout.write(config.production ? keyNotice(apiKey) : `${keyNotice(apiKey)}${tour(url, apiKey)}`);
}

function keyNotice(apiKey: string | null): string {
  return apiKey === null ? '' : `\nAdmin API key, shown this once: ${apiKey}\n`;
}

function tour(url: string, apiKey: string | null): string {
  const key = apiKey ?? '$API_KEY';
  return `
Listening on ${url}

Create a client:
  curl -s ${url}/v2/oauth/clients -H 'Content-Type: application/json' -H "Authorization: Bearer ${key}" -d '{"name":"My OAuth client","client_type":"confidential","allowed_scopes":["admin"],"allowed_grant_types":["client_credentials"]}'

Register as software does (RFC 7591):
  curl -s ${url}/v2/oauth/register -H 'Content-Type: application/json' -d '{"client_name":"My MCP client","redirect_uris":["http://localhost:8080/callback"],"token_endpoint_auth_method":"none"}'

See both as an operator:
  curl -s ${url}/graphql -H 'Content-Type: application/json' -H "Authorization: Bearer ${key}" -d '{"query":"{ oauthClients(first: 10) { totalCount nodes { clientId name source createdAt } } }"}'

API documentation: ${url}/docs
`;
}
