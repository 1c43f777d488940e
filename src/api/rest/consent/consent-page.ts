import { promisify } from 'node:util';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConsentRequest } from '../../../authorization/consent/consent.service.js';
import { redirectHost, redirectTarget, UntrustedRedirect } from '../../../authorization/consent/redirect.js';
import { protectBy } from '../../../http/browsers/page-headers.js';
import { RegistryError } from '../../../errors/registry-error.js';
import { knownUrl } from '../../../policy/uris/uri.js';

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);

/** A piece of HTML; values are escaped unless they are pieces themselves. */
class Html {
  constructor(readonly text: string) {}
}
const html = (parts: TemplateStringsArray, ...values: (string | Html | Html[])[]): Html =>
  new Html(parts.reduce((text, part, i) => text + textOf(values[i - 1]!) + part));
const textOf = (value: string | Html | Html[]): string => {
  if (Array.isArray(value)) return value.map(({ text }) => text).join('');
  return value instanceof Html ? value.text : escape(value);
};

const STYLE = `:root{color-scheme:light dark;background:Canvas;color:CanvasText;font:1rem/1.5 system-ui,sans-serif}
body{max-width:30rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}
.warning{border-left:4px solid #c2410c;padding-left:.75rem}
input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}
button{font:inherit;padding:.5rem 1.5rem;margin:1rem .5rem 0 0}
dd{margin:0 0 .75rem;overflow-wrap:anywhere}`;

const page = (title: string, body: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`.text;

const NOTHING = html``;

/** How the page knows its user: by name, or by an API key that it asks for; and the token for the form. */
export type KnownUser = { formToken: string } & (
  { name: string; hasSession: boolean } | { isKeyRejected: boolean }
);

/** A private-use scheme can look like a host. */
const destination = (redirectUri: string): string =>
  redirectTarget(redirectUri) === 'application'
    ? `an application on this device (${redirectHost(redirectUri)})`
    : redirectHost(redirectUri);

/** Asks the user whether the client may act for them. */
export function consentPage(
  consentToken: string,
  { client, redirectUri, resources, scopes }: ConsentRequest,
  user: KnownUser,
): string {
  const names = resources.map(({ name }) => name).filter((name) => name !== null);
  const isOnOwnMachine = redirectTarget(redirectUri) !== 'web';
  return page(
    `Allow ${client.name}?`,
    html`${
        client.verified
          ? html`<p>This application is verified.</p>`
          : warning('This application is not verified. Allow it only if you have just started it yourself.')
      }
      ${isOnOwnMachine ? warning('It runs on your own machine. Any program there can pretend to be it.') : NOTHING}
      <dl>
        ${
          'name' in user
            ? html`<dt>You are signed in as</dt>
                <dd>${user.name}</dd>`
            : NOTHING
        }
        <dt>You are sent to</dt>
        <dd><strong>${destination(redirectUri)}</strong></dd>
        <dt>${names.length === 0 ? 'It may' : `At ${names.join(' and ')}, it may`}</dt>
        ${scopes.length === 0 ? html`<dd>know who you are</dd>` : NOTHING}
        ${scopes.map(
          ({ name, title, description }) =>
            html`<dd>
              <strong>${title ?? name}</strong>${description === null ? NOTHING : html`<br />${description}`}
            </dd>`,
        )}
      </dl>
      <form method="post">
        <input type="hidden" name="consent_token" value="${consentToken}" />
        <input type="hidden" name="form_token" value="${user.formToken}" />
        ${'name' in user ? NOTHING : keyField(user.isKeyRejected)}
        <button name="decision" value="allow">Allow</button>
        <button name="decision" value="deny">Deny</button>
        ${
          'name' in user && user.hasSession
            ? html`<button name="decision" value="sign-out">Sign out</button>`
            : NOTHING
        }
      </form>`,
  );
}

const keyField = (isRejected: boolean) =>
  html`${isRejected ? html`<p class="warning" role="alert">The API key is not valid.</p>` : NOTHING}
    <label>Your API key <input name="api_key" type="password" autocomplete="off" required /></label>`;

const warning = (text: string) => html`<p class="warning">${text}</p>`;

/** Says why there is nothing to decide. @param link where the user can go on; undefined: nowhere */
const errorPage = (description: string, link?: { url: string; text: string }): string =>
  page(
    'This does not work',
    html`<p role="alert">${description}</p>
      ${link === undefined ? NOTHING : html`<p><a href="${link.url}">${link.text}</a></p>`}`,
  );

function linkOf(error: RegistryError, retryUrl?: string): { url: string; text: string } | undefined {
  if (error instanceof UntrustedRedirect) {
    return { url: error.location, text: `Go to ${destination(error.location)}` };
  }
  return retryUrl === undefined ? undefined : { url: retryUrl, text: 'Try again' };
}

/** Sends a page. Chromium counts the redirect after a form as a part of it, so its target is allowed. */
export async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  page: string,
  redirectUri?: string,
): Promise<void> {
  await protect(request, reply, redirectUri === undefined ? [] : [originOf(redirectUri)]);
  await reply.code(status).header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page);
}

/**
 * Sends an error that a user is to read.
 * @param retryUrl where the user can try again; undefined: nowhere
 * @throws the error if it is not one for callers, or a failure of the service
 */
export async function sendErrorPage(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  retryUrl?: string,
): Promise<void> {
  const isForUsers = error instanceof RegistryError && (error.status < 500 || error.options.isByDesign);
  if (!isForUsers) throw error;
  const { retryAfterSeconds } = error.options;
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  await sendPage(request, reply, error.status, errorPage(error.message, linkOf(error, retryUrl)));
}

/** Disables scripts, frames and forms with other targets. The URL of the page contains the token and is never sent as a referrer. */
function protect(
  { raw: request }: FastifyRequest,
  { raw: reply }: FastifyReply,
  targets: string[],
): Promise<void> {
  const setHeaders = protectBy({
    defaultSrc: ["'none'"],
    styleSrc: ["'unsafe-inline'"],
    formAction: ["'self'", ...targets],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  });
  return promisify(setHeaders)(request, reply);
}

function originOf(redirectUri: string): string {
  const { origin, protocol } = knownUrl(redirectUri);
  return origin === 'null' ? protocol : origin;
}
