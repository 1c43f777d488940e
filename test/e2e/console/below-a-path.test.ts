import { onEachEngine } from '../../support/databases.js';
import { Console, inBrowser, signIn } from '../../support/console/browser.js';
import { Registry } from '../../support/registry.js';

const PATH = '/registry';

// Each page that is opened here fails its test where it asks for anything that is not below the path
inBrowser((engine) => {
  describe('Behind a proxy that serves it below a path', () => {
    const console = Console.forEachTest(engine, { below: PATH });

    it.each(['/admin', '/admin/', '/admin/clients'])(
      'the console signs in, goes from page to page, and signs out: %s',
      async (path) => {
        const id = await console.aClient({ name: 'Behind a proxy' });
        const page = await console.openAt(path);
        await signIn(page, console.registry.adminKey);
        await page.getByRole('link', { name: 'Clients', exact: true }).click();
        await page.getByRole('link', { name: 'Behind a proxy' }).first().click();
        await page.getByRole('heading', { level: 1, name: 'Behind a proxy' }).waitFor();
        expect(page.url()).toMatch(`${console.url}/admin/clients/`);
        await page.goto(`${console.url}/admin/clients/${id}`);
        await page.getByRole('heading', { level: 1, name: 'Behind a proxy' }).waitFor();
        expect((await page.context().cookies()).map(({ path }) => path)).toEqual([PATH]);
        const documentation = page.getByRole('link', { name: 'API documentation' });
        expect(await documentation.getAttribute('href')).toBe(`${console.url}/docs`);
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByText('Sign in with an API key').waitFor();
        expect(new URL(page.url()).pathname).toBe(`${PATH}/admin/`);
        expect(await page.context().cookies()).toEqual([]);
      },
    );

    it('the console previews requests that go below the path', async () => {
      const page = await console.openAt('/admin/clients/new');
      await signIn(page, console.registry.adminKey);
      const preview = page.getByRole('tabpanel').locator('pre');
      await preview.filter({ hasText: `curl ${console.url}/v2/oauth/clients` }).waitFor();
      await page.getByRole('tab', { name: 'SDK' }).click();
      await preview.filter({ hasText: `baseURL: '${console.url}/v2'` }).waitFor();
    });

    it('the explorer loads, and asks the endpoint below the path', async () => {
      const page = await console.openAt('/admin');
      const authorization = `Bearer ${console.registry.adminKey}`;
      await page.route('**/graphql', (route) =>
        route.continue({ headers: { ...route.request().headers(), authorization } }),
      );
      const [answer] = await Promise.all([
        // Megabytes of scripts come first
        page.waitForResponse((response) => /Introspection/.test(response.request().postData() ?? ''), {
          timeout: 30_000,
        }),
        page.goto(`${console.url}/graphql`),
      ]);
      expect(answer.status()).toBe(200);
      expect(answer.url()).toBe(`${console.url}/graphql`);
    });

    it('the documentation loads, and tries requests below the path', async () => {
      const page = await console.openAt('/docs');
      await page.getByText('/v2/oauth/register').first().waitFor();
      expect(await page.locator('.servers select').inputValue()).toBe(console.url);
      const document = await page.evaluate<{ servers: unknown }>(
        'fetch("openapi.json").then((response) => response.json())',
      );
      expect(document.servers).toEqual([{ url: console.url }]);
    });
  });

  describe('Signing in over http if PUBLIC_URL is https', () => {
    const console = Console.forEachTest(engine, { env: { PUBLIC_URL: 'https://registry.example/registry' } });

    it('explains that the cookie is dropped, and links to the https address', async () => {
      const { port } = new URL(console.registry.url);
      const page = await console.open('/', { url: `http://registry.example:${port}` });
      await signIn(page, console.registry.adminKey);
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.innerText()).toBe(
        'Over http the browser drops the session cookie, which is Secure since PUBLIC_URL is https. ' +
          'Open the console at https://registry.example/registry/admin/.',
      );
    });
  });

  describe('Signing in to a browser that rejects the cookie', () => {
    const console = Console.forEachTest(engine, { env: { PUBLIC_URL: 'http://127.0.0.1:1/elsewhere' } });

    it('explains it, instead of showing the form again', async () => {
      const page = await console.open();
      await signIn(page, console.registry.adminKey);
      await page
        .getByRole('alert')
        .filter({ hasText: 'The browser did not keep the session cookie' })
        .waitFor();
    });
  });
}, 'postgres');

onEachEngine((engine) => {
  it('a session cookie goes below the path of PUBLIC_URL alone', async () => {
    for (const [publicUrl, cookie] of [
      [
        'https://host.example/registry',
        /^__Secure-admin_session=[\w-]{43}; Max-Age=28800; Path=\/registry; /,
      ],
      ['http://host.example/registry', /^admin_session=[\w-]{43}; Max-Age=28800; Path=\/registry; /],
    ] as const) {
      const registry = await Registry.start(engine, { PUBLIC_URL: publicUrl });
      const { headers } = await registry.send('/admin/session', { body: { api_key: registry.adminKey } });
      expect(headers.getSetCookie()).toEqual([expect.stringMatching(cookie)]);
      await registry.stop();
    }
  });
});
