import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from '@nestjs/common';
import { CONSOLE_PATH, DOCS_PATH } from '../../config/paths.js';
import { PublicUrl } from '../responses/public-url.js';
import type { FirstKey } from '../../auth/api-keys/bootstrap.js';
import { type Config, isAuthorizationServerOn } from '../../config/variables.js';
import type { HttpLimits } from '../limits/limit-values.js';

/** Prints the first admin key to standard output, so that the log does not contain it. */
export function tellFirstKey(key: FirstKey): void {
  if ('value' in key) process.stdout.write(`\nAdmin API key, shown this once: ${key.value}\n`);
  else {
    new Logger('Start').warn(
      `The first admin API key is in ${key.file}, readable by this user only. Store it in a secret store and delete the file.`,
    );
  }
}

/** Warns that fewer connections are available than in `HTTP_LIMITS`. */
export function tellFewerConnections({ maxConnections, reservedConnections }: HttpLimits): void {
  new Logger('Start').warn(
    `The limit of open files (ulimit -n) allows ${maxConnections + reservedConnections} connections. Raise it to allow more.`,
  );
}

/** Prints the URL, example requests and warnings at startup. */
export function announce(
  app: NestFastifyApplication,
  config: Config,
  { firstKey, hasConsole }: { firstKey: FirstKey | null; hasConsole: boolean },
): void {
  const urls = app.get(PublicUrl, { strict: false });
  const url = urls.listening();
  // A warning, because the level "log" is for debugging
  if (config.production) new Logger('Start').warn(`Listening on ${url}`);
  if (config.adminConsole && !hasConsole) {
    new Logger('Start').warn('The admin console is not built. Run npm run build.');
  }
  if (config.authorizationLoginIssuer !== null && !isAuthorizationServerOn(config)) {
    new Logger('Start').warn(
      'AUTHORIZATION_LOGIN_ISSUER has no effect while the authorization server is off. Set AUTHORIZATION_SERVER=on.',
    );
  }
  if (config.production) return;
  const key = firstKey !== null && 'value' in firstKey ? firstKey.value : '$API_KEY';
  process.stdout.write(tour(urls, hasConsole, key));
}

function tour(urls: PublicUrl, hasConsole: boolean, key: string): string {
  const url = urls.listening();
  return `
Listening on ${url}

Create a client:
  curl -s ${url}/v2/oauth/clients -H 'Content-Type: application/json' -H "Authorization: Bearer ${key}" -d '{"name":"My OAuth client","client_type":"confidential","allowed_scopes":["invoices:read"],"allowed_grant_types":["client_credentials"]}'

Register a client dynamically (RFC 7591):
  curl -s ${url}/v2/oauth/register -H 'Content-Type: application/json' -d '{"client_name":"My MCP client","redirect_uris":["http://localhost:8080/callback"],"token_endpoint_auth_method":"none"}'

List all clients as an administrator:
  curl -s ${url}/graphql -H 'Content-Type: application/json' -H "Authorization: Bearer ${key}" -d '{"query":"{ oauthClients(first: 10) { totalCount nodes { clientId name source createdAt } } }"}'

${hasConsole ? `Console: ${urls.of(CONSOLE_PATH)}\n` : ''}API documentation: ${urls.of(DOCS_PATH)}
`;
}
