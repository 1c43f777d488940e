import { Console, inBrowser, signIn } from '../../support/console/browser.js';
import { Proxy } from '../../support/network/proxy.js';

inBrowser((engine) => {
  const console = Console.forEachTest(engine);

  describe('Signing in', () => {
    it('rejects an invalid key and a member key, with the reason', async () => {
      const page = await console.open();
      await signIn(page, 'ocr_wrong');
      await expect(page.getByRole('alert').innerText()).resolves.toContain('Invalid API key');
      const { apiKey } = await console.registry.createKey();
      await signIn(page, apiKey);
      await page.getByText('The console requires the admin role').waitFor();
      expect(await page.context().cookies()).toEqual([]);
    });

    it('gives the browser a cookie that no script reads, and keeps nothing in web storage', async () => {
      const page = await console.open();
      await signIn(page, console.registry.adminKey);
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      const [cookie] = await page.context().cookies();
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
      expect(cookie!.value).not.toContain(console.registry.adminKey);
      const kept = await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]');
      expect(kept).toEqual(['', 0, 0]);
    });

    it('leads to the page that was asked for', async () => {
      const page = await console.open('/keys');
      await signIn(page, console.registry.adminKey);
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('API keys');
    });
  });

  it('Signing out ends the session for a copy of its cookie, too', async () => {
    const page = await console.openSignedIn();
    const cookies = await page.context().cookies();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Sign in with an admin API key').waitFor();
    await page.context().addCookies(cookies);
    await page.reload();
    await page.getByText('Sign in with an admin API key').waitFor();
  });

  it('A session that ends in the middle of a form is begun again above it, and nothing is lost', async () => {
    const id = await console.aClient({ name: 'Before' });
    const page = await console.openSignedIn(`/clients/${id}`);
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('After the session');
    await console.registry.dataSource.query('UPDATE admin_sessions SET expires_at = 1');
    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.getByLabel('API key').first().fill(console.registry.adminKey);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('After the session');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'After the session' }).waitFor();
    expect(await console.client(id)).toMatchObject({ name: 'After the session' });
  });

  it('An unreachable service is reported, the input stays, and works when the service is back', async () => {
    const id = await console.aClient({ name: 'Offline' });
    const { port } = new URL(console.registry.url);
    const way = await Proxy.start({ host: '127.0.0.1', port: Number(port) });
    try {
      const page = await console.openSignedIn(`/clients/${id}`, { url: `http://127.0.0.1:${way.port}` });
      await page.getByRole('button', { name: 'Edit' }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('Online');
      await way.refuse();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('The service cannot be reached').first().waitFor();
      expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Online');
      await way.accept();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { level: 1, name: 'Online' }).waitFor();
    } finally {
      await way.stop();
    }
    expect(await console.client(id)).toMatchObject({ name: 'Online' });
  });
});
