import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { authorizationOf } from '../../support/authorization.js';
import { IdentityProvider } from '../../support/backing-services/identity-provider.js';
import { violations } from '../../support/console/axe.js';
import { inBrowser, launchBrowser } from '../../support/console/browser.js';
import { Registry } from '../../support/registry.js';

type PageOptions = NonNullable<Parameters<Browser['newPage']>[0]>;

const LOOKS: [string, PageOptions & { viewport: { width: number } }][] = [
  ['in light colours, 1280 px wide', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
  ['in dark colours, 375 px wide', { colorScheme: 'dark', viewport: { width: 375, height: 700 } }],
];

// On one engine: the other tests of consent and sign-in run on both
inBrowser((engine) => {
  let browser: Browser;
  let provider: IdentityProvider;
  let client: Server;
  let redirectUri: string;
  beforeAll(async () => {
    browser = await launchBrowser();
    provider = await IdentityProvider.start();
    client = createServer(({ url }, response) => {
      const { pathname, searchParams } = new URL(url!, 'http://client');
      if (pathname !== '/attack') return response.end('The client has it.');
      const form =
        `<form method="post" action="${searchParams.get('action')}"><input name="consent_token" ` +
        `value="${searchParams.get('token')}"><button name="decision" value="allow">Win a prize</button></form>`;
      return response.setHeader('content-type', 'text/html').end(form);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => client.once('listening', resolve));
    redirectUri = `http://127.0.0.1:${(client.address() as AddressInfo).port}/callback`;
  });
  afterAll(async () => {
    await browser.close();
    provider.stop();
    client.closeAllConnections();
    client.close();
  });

  /** Opens the request of a client, by default in a window without scripts, which the pages do not need. */
  async function onRequest(
    env: Record<string, string>,
    test: (page: Page, registry: Registry) => Promise<void>,
    options: PageOptions = {},
  ) {
    const registry = await Registry.start(engine, env);
    const page = await browser.newPage({ javaScriptEnabled: false, ...options });
    const blocked: string[] = [];
    page.on('console', (message) => message.type() === 'error' && blocked.push(message.text()));
    try {
      const { register, aRequest } = authorizationOf(() => registry);
      const { parameters } = aRequest(await register({ redirect_uris: [redirectUri] }), {
        redirect_uri: redirectUri,
      });
      const query = new URLSearchParams(parameters as Record<string, string>);
      await page.goto(`${registry.url}/v2/oauth/authorize?${query.toString()}`);
      await test(page, registry);
      // Such as a redirect after the form that its policy forbids
      expect(blocked.filter((line) => line.includes('Content Security Policy'))).toEqual([]);
    } finally {
      await page.close();
      await registry.stop();
    }
  }

  const clientHasACode = async (page: Page) => {
    await page.getByText('The client has it.').waitFor();
    const { origin, searchParams } = new URL(page.url());
    expect([origin, searchParams.has('code'), searchParams.get('state')]).toEqual([
      new URL(redirectUri).origin,
      true,
      'state of the client',
    ]);
  };

  it('A user signs in at the identity provider, allows, and arrives at the client', async () => {
    await onRequest(provider.env, async (page) => {
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('alice@example.com').waitFor();
      await page.getByRole('button', { name: 'Allow' }).click();
      await clientHasACode(page);
    });
  });

  it('A user who is signed in decides nothing at a page of another port, which is the same site', async () => {
    await onRequest(provider.env, async (page, { url }) => {
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: 'Allow' }).waitFor();
      const shown = page.url();
      const token = new URL(shown).searchParams.get('consent_token')!;
      const attack = new URLSearchParams({ action: `${url}/consent`, token });
      await page.goto(`${new URL(redirectUri).origin}/attack?${attack.toString()}`);
      await page.getByRole('button', { name: 'Win a prize' }).click();
      await page.getByText('The form was sent by a page of another site').waitFor();
      await page.goto(shown);
      await page.getByRole('button', { name: 'Allow' }).click();
      await clientHasACode(page);
    });
  });

  it('A user whose sign-in is gone can sign in again from the page', async () => {
    await onRequest(provider.env, async (page) => {
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: 'Allow' }).waitFor();
      await page.context().clearCookies({ name: 'login' });
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByText('You are not signed in any more').waitFor();
      await page.getByRole('link', { name: 'Try again' }).click();
      await page
        .getByRole('button', { name: /Sign in|Allow/ })
        .first()
        .click();
      const again = page.getByRole('button', { name: 'Allow' });
      if (!page.url().startsWith(redirectUri)) await again.click();
      await clientHasACode(page);
    });
  });

  it('A user with an API key allows, and arrives at the client', async () => {
    await onRequest({}, async (page, registry) => {
      const { apiKey } = await registry.createKey();
      await page.getByLabel('Your API key').fill(apiKey);
      await page.getByRole('button', { name: 'Allow' }).click();
      await clientHasACode(page);
    });
  });

  it.each(LOOKS)('axe finds no violation on any page, %s', async (_, look) => {
    /** The page that is open, which is as wide as its window and has one heading. */
    const expectAccessible = async (page: Page) => {
      expect({ url: page.url(), violations: await violations(page) }).toEqual({
        url: page.url(),
        violations: [],
      });
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(look.viewport.width);
    };
    const ofIdentityProvider = async (page: Page) => {
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('alice@example.com').waitFor();
      await expectAccessible(page);
      await page.context().clearCookies({ name: 'login' });
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByText('You are not signed in any more').waitFor();
      await expectAccessible(page);
    };
    // Axe is a script
    const options = { ...look, javaScriptEnabled: true };
    await onRequest(provider.env, ofIdentityProvider, options);
    const ofKeys = async (page: Page, registry: Registry) => {
      const { url } = registry;
      await expectAccessible(page);
      await page.getByLabel('Your API key').fill('wrong');
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('alert').waitFor();
      await expectAccessible(page);
      await page.goto(`${url}/v2/oauth/authorize?client_id=unknown`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await expectAccessible(page);
      const { register, aRequest } = authorizationOf(() => registry);
      const { parameters } = aRequest(await register(), { response_type: 'token' });
      const query = new URLSearchParams(parameters as Record<string, string>);
      await page.goto(`${url}/v2/oauth/authorize?${query.toString()}`);
      await page.getByRole('link', { name: 'Go to app.example' }).waitFor();
      await expectAccessible(page);
    };
    await onRequest({}, ofKeys, options);
  });
}, 'sqlite');
