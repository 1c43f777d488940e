import { violations } from '../../support/console/axe.js';
import { Console, inBrowser } from '../../support/console/browser.js';

/** Each engine has one. */
const LOOKS = {
  sqlite: { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  postgres: { colorScheme: 'dark', viewport: { width: 375, height: 700 } },
} as const;

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
    await console.registry.dataSource.query(
      `INSERT INTO client_authentication_counts VALUES ('${new Date().toISOString().slice(0, 10)}', 'wrong_secret', 1)`,
    );
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
    '/resources',
    '/audit',
    '/nowhere',
  ];
  const look = LOOKS[engine];

  describe(`In ${look.colorScheme} colours, ${look.viewport.width} px wide`, () => {
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

    it('axe finds no violation in the sign-in, dialogs, and forms with errors', async () => {
      const page = await console.open('/', look);
      await page.getByLabel('API key').first().waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await page.title()).toBe('Sign in · OAuth client registry');

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
      await inside.getByLabel('Logo', { exact: true }).fill('ftp://a.example');
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
});

inBrowser((engine) => {
  const console = Console.forEachTest(engine);
  const empty = Console.forEachTest(engine);
  let id: string;
  beforeAll(async () => {
    id = await console.aClient();
  });

  describe('Every view', () => {
    const FORBIDDEN = '{"errors":[{"message":"Not for you","extensions":{"code":"FORBIDDEN"}}]}';
    it.each(['/', '/clients', '/clients/:id', '/keys', '/tokens', '/audit'])(
      '%s says that it loads, that it failed, and that it requires another role',
      async (path) => {
        const page = await console.openSignedIn();
        let answer: () => void;
        let answered = new Promise<void>((done) => (answer = done));
        let reply = { status: 500, body: 'a proxy that has no idea' };
        await page.route('**/graphql', async (route) => {
          if (route.request().postData()?.includes('query Viewer')) return route.continue();
          await answered;
          await route.fulfill({ contentType: 'application/json', ...reply });
        });
        await page.goto(`${console.registry.url}/admin${path.replace(':id', id)}`);
        await page.getByRole('status', { name: 'Loading' }).first().waitFor();
        // It is the same everywhere
        if (path === '/') expect(await violations(page)).toEqual([]);

        answer!();
        const failure = page.getByRole('alert').filter({ hasText: 'Something went wrong' }).first();
        await failure.waitFor();
        if (path === '/') expect(await violations(page)).toEqual([]);

        answered = Promise.resolve();
        reply = { status: 200, body: FORBIDDEN };
        await failure.getByRole('button', { name: 'Try again' }).click();
        await page.getByText('Role not permitted').first().waitFor();
      },
    );

    it.each([
      ['/clients?q=nowhere', 'No client matches'],
      ['/tokens', 'There are no initial access tokens. Create one'],
      ['/audit?channel=CLI', 'No events match'],
      ['/', 'No registrations yet'],
      ['/', 'No client has authenticated yet'],
      ['/clients/01a20f98-0000-7000-8000-000000000000', 'No client has this ID'],
    ])('%s has an empty state', async (path, told) => {
      const page = await empty.openSignedIn(path);
      await page.getByText(told).waitFor();
    });

    it.each([
      ['/clients/new', 'New client', 'Client created'],
      ['/keys', 'New key', 'API key: shown only once'],
      ['/tokens', 'New token', 'Initial access token: shown only once'],
    ])('%s keeps the input when the service replies 503', async (path, form, done) => {
      const page = await console.openSignedIn(path);
      if (path === '/clients/new')
        await page.getByLabel('Redirect URIs', { exact: true }).fill('https://a.example/cb');
      else await page.getByRole('button', { name: form }).click();
      const name = page.getByRole('textbox', { name: /^Name/ });
      await name.fill('Not lost');
      await page.route('**/graphql', (route) =>
        route.fulfill({
          status: 503,
          contentType: 'application/json',
          body: '{"errors":[{"message":"Later","extensions":{"code":"TEMPORARILY_UNAVAILABLE"}}]}',
        }),
      );
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByRole('alert').filter({ hasText: 'Temporarily unavailable' }).waitFor();
      expect(await name.inputValue()).toBe('Not lost');
      await page.unroute('**/graphql');
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByText(done).waitFor();
    });

    it('has no animation with prefers-reduced-motion', async () => {
      const page = await console.openSignedIn('/', { reducedMotion: 'reduce' });
      const moving = await page.evaluate<number>(
        'document.getAnimations().filter(({ effect }) => effect.getTiming().duration > 1).length',
      );
      expect(moving).toBe(0);
    });
  });
}, 'sqlite');
