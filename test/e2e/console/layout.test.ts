import { mkdir } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { Console, inBrowser, type PageElement } from '../../support/console/browser.js';

/** As long as a name may be, and without a space. */
const LONG = 'N'.repeat(255);
/** A directory for screenshots of every page, to look at them. */
const { SCREENSHOTS } = process.env;

/** Elements whose content does not fit in, by their text. */
const cut = (elements: Locator) =>
  elements.evaluateAll((nodes: PageElement[]) =>
    nodes.filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.textContent),
  );
const widths = (elements: Locator) =>
  elements.evaluateAll((nodes: PageElement[]) => nodes.map((node) => node.getBoundingClientRect().width));

inBrowser((engine) => {
  const console = Console.forEachTest(engine);
  let id: string;
  beforeAll(async () => {
    const expiresAt = new Date(Date.now() + 86_400_000);
    id = await console.aClient({
      name: LONG,
      redirect_uris: [`https://a.example/${'r'.repeat(500)}`],
      allowed_scopes: ['s'.repeat(128)],
    });
    await console.registry.graphql(
      `mutation { setOAuthClientVerified(clientId: "${id}", version: 1, verified: true) { client { version } } }`,
    );
    await console.aClient({ name: 'Short' });
    await console.registry.createKey({ name: LONG, orgId: 'o'.repeat(200), expiresAt });
    await console.registry.createKey({ name: 'ci', expiresAt });
    await console.registry.createInitialAccessToken({ name: LONG, expiresAt });
    await console.registry.createInitialAccessToken({ name: 'fleet', expiresAt });
  });

  const look = async (page: Page, path: string, width: number) => {
    await page.goto(`${console.url}/admin${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
    if (SCREENSHOTS === undefined) return;
    await mkdir(SCREENSHOTS, { recursive: true });
    const name = path.replace(id, 'client').replaceAll(/\W+/g, '-');
    await page.screenshot({ path: `${SCREENSHOTS}/${width}${name}.png`, fullPage: true });
  };

  it.each([375, 768, 1024, 1440])(
    'Names of any length widen no page, and cut no state, name or button: %i px wide',
    async (width) => {
      const page = await console.openSignedIn('/', { viewport: { width, height: 800 } });
      for (const path of ['/', '/clients', '/keys', '/tokens', '/audit', `/clients/${id}`]) {
        await look(page, path, width);
        const pageWidth = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect({ path, width: pageWidth }).toEqual({ path, width });
        const badges = page.locator('.mantine-Badge-root, .mantine-Badge-label');
        expect({ path, cut: await cut(badges) }).toEqual({ path, cut: [] });
        const buttons = page.getByRole('main').getByRole('button', { name: /^(?:Copy|Revoke|Edit)/ });
        expect({ path, cut: await cut(buttons) }).toEqual({ path, cut: [] });
        expect(Math.min(44, ...(await widths(buttons)))).toBeGreaterThanOrEqual(36);
        const names = await widths(page.getByRole('cell').filter({ hasText: LONG }));
        expect(Math.min(200, ...names)).toBeGreaterThanOrEqual(140);
      }
    },
  );

  it.each(['/keys', '/tokens', '/clients/:id'])('%s says when each expires', async (path) => {
    const page = await console.openSignedIn(path.replace(':id', id));
    await page.getByRole('columnheader', { name: 'Expires' }).waitFor();
    if (path !== '/clients/:id') {
      await page
        .getByRole('row')
        .filter({ hasText: path === '/keys' ? 'ci' : 'fleet' })
        .filter({ hasText: /tomorrow|in 2\d hours/ })
        .filter({ hasText: 'Active' })
        .waitFor();
    }
    await page.getByRole('main').locator('time').first().hover();
    await page
      .getByRole('tooltip')
      .filter({ hasText: /^[A-Z][a-z]{2} \d+, \d{4}(?:,| at) .*\d:\d\d:\d\d.* (?:UTC|GMT|[A-Z]{2,4})/ })
      .waitFor();
  });
}, 'sqlite');
