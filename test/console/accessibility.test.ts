import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { Console, inBrowser } from '../support/browser.js';

interface AxeResults {
  violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[];
}

const AXE = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong: the rule, where, and why. */
async function violations(page: Page): Promise<string[]> {
  // Past the policy of the page, which lets no script in that it did not bring
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: await AXE });
  const results = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

inBrowser((engine) => {
  const console = Console.forEachTest(engine);
  let id: string;
  beforeAll(async () => {
    id = await console.aClient({
      name: 'Everything',
      redirect_uris: ['http://localhost:1/cb', 'cursor://cb'],
      logo_uri: 'https://a.example/logo.png',
    });
    await console.registry.register({ redirect_uris: ['javascript:alert(1)'] });
    await console.registry.register({ client_name: 'Software' });
    await console.registry.createInitialAccessToken({ expiresAt: new Date(Date.now() + 86_400_000) });
    await console.registry.createKey({ name: 'ends soon', expiresAt: new Date(Date.now() + 86_400_000) });
  });

  const pages = () => [
    '/',
    '/clients',
    `/clients/${id}`,
    '/clients/new',
    '/keys',
    '/tokens',
    '/audit',
    '/nowhere',
  ];
  const looks = [
    { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
    { colorScheme: 'dark', viewport: { width: 375, height: 700 } },
  ] as const;

  describe.each(looks)('In $colorScheme colours, $viewport.width px wide', (look) => {
    it('axe finds nothing on any page; each has one heading, a title, and does not scroll sideways', async () => {
      const page = await console.openSignedIn('/', look);
      for (const path of pages()) {
        await page.goto(`${console.registry.url}/admin${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
        expect({ path, violations: await violations(page) }).toEqual({ path, violations: [] });
        expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
        expect(await page.title()).toMatch(/^.+ · OAuth client registry$/);
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect({ path, width }).toEqual({ path, width: look.viewport.width });
      }
    });

    it('axe finds nothing where one signs in, in dialogs, and in forms with faults', async () => {
      const page = await console.open('/', look);
      await page.getByLabel('API key').first().waitFor();
      expect(await violations(page)).toEqual([]);

      const inside = await console.openSignedIn(`/clients/${id}`, look);
      const inDialog = async (open: string) => {
        await inside.getByRole('main').getByRole('button', { name: open, exact: true }).click();
        await inside.getByRole('dialog').waitFor();
        expect({ open, violations: await violations(inside) }).toEqual({ open, violations: [] });
        await inside.keyboard.press('Escape');
        await inside.getByRole('dialog').waitFor({ state: 'detached' });
      };
      for (const open of ['Disable', 'Verify', 'Delete', 'Rotate the secret']) await inDialog(open);
      await inside.getByRole('button', { name: 'Edit' }).click();
      await inside.getByLabel('Logo').fill('ftp://a.example');
      await inside.getByRole('button', { name: 'Save' }).click();
      await inside.getByRole('alert').waitFor();
      expect(await violations(inside)).toEqual([]);

      for (const [path, open] of [
        ['/keys', 'New key'],
        ['/tokens', 'New token'],
        ['/clients', 'Save as CSV'],
      ] as const) {
        await inside.goto(`${console.registry.url}/admin${path}`);
        await inDialog(open);
      }
    });
  });

  describe('Every view', () => {
    it.each(['/', '/clients', '/keys', '/tokens', '/audit'])(
      '%s says that it loads, and that it failed',
      async (path) => {
        const page = await console.openSignedIn();
        const answers: (() => void)[] = [];
        await page.route('**/graphql', async (route) => {
          if (route.request().postData()?.includes('query Viewer')) return route.continue();
          await new Promise<void>((answer) => answers.push(answer));
          await route.fulfill({
            status: 200,
            contentType: 'application/json',
            body: '{"errors":[{"message":"Not for you","extensions":{"code":"FORBIDDEN"}}]}',
          });
        });
        await page.goto(`${console.registry.url}/admin${path}`);
        await page.getByRole('status', { name: 'Loading' }).first().waitFor();
        expect(await violations(page)).toEqual([]);
        const answering = setInterval(() => answers.splice(0).forEach((answer) => answer()), 20);
        try {
          await page.getByText('This is for admins').first().waitFor();
          expect(await violations(page)).toEqual([]);
        } finally {
          clearInterval(answering);
        }
      },
    );

    it('is still where motion is to be reduced', async () => {
      const page = await console.openSignedIn('/', { reducedMotion: 'reduce' });
      const moving = await page.evaluate<number>(
        'document.getAnimations().filter(({ effect }) => effect.getTiming().duration > 1).length',
      );
      expect(moving).toBe(0);
    });
  });

  describe('By keyboard alone', () => {
    /** Goes on until the focus is where it should be, as somebody would who presses Tab. */
    async function tabTo(page: Page, name: string | RegExp): Promise<void> {
      for (let presses = 0; presses < 80; presses++) {
        await page.keyboard.press('Tab');
        const label = await page.evaluate<string>(
          `(() => { const e = document.activeElement; return e.getAttribute('aria-label') ?? e.labels?.[0]?.innerText ?? e.innerText ?? ''; })()`,
        );
        if (typeof name === 'string' ? label.trim() === name : name.test(label)) return;
      }
      throw new Error(`The focus never comes to ${String(name)}`);
    }

    it('one signs in, finds a client, edits it, rotates its secret, and signs out', async () => {
      const page = await console.open();
      await page.getByLabel('API key').first().waitFor();
      await tabTo(page, /^API key/);
      await page.keyboard.type(console.registry.adminKey);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();

      await tabTo(page, 'Clients');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Clients' }).waitFor();
      await tabTo(page, 'Name contains');
      await page.keyboard.type('Everything');
      await page.getByText('1 client', { exact: true }).waitFor();
      await tabTo(page, 'Select Everything');
      await page.keyboard.press('Space');
      await page.getByText('1 client selected').waitFor();
      await tabTo(page, 'Everything');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Everything' }).waitFor();

      await tabTo(page, 'Edit');
      await page.keyboard.press('Enter');
      await tabTo(page, 'Privacy policy');
      await page.keyboard.type('https://a.example/policy');
      await tabTo(page, 'Save');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Edit' }).waitFor();
      expect(await console.client(id)).toMatchObject({ policy_uri: 'https://a.example/policy' });

      await tabTo(page, 'Rotate the secret');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await tabTo(page, 'Rotate');
      await page.keyboard.press('Enter');
      await page.getByLabel('Client secret', { exact: true }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      // Back where it was, so that the next Tab goes on from there
      await page.getByRole('button', { name: 'Rotate the secret' }).and(page.locator(':focus')).waitFor();

      await tabTo(page, 'Sign out');
      await page.keyboard.press('Enter');
      await page.getByText('Sign in with an admin API key').waitFor();
    });
  });
});
