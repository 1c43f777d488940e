import type { Page } from 'playwright-core';
import { Console, inBrowser, signIn } from '../../support/console/browser.js';
import { Proxy } from '../../support/network/proxy.js';

/** The names of controls that change something, or lead to a change. */
const CHANGE =
  /^(?:New|Edit|Verify|Remove|Disable|Enable|Delete|Restore|Rotate|Revoke|Create|Select|All matching|Actions)\b/;

/** The controls of a page that change something. */
async function changesOn(page: Page): Promise<string[]> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
  const names = await page
    .locator('main')
    .locator('button, input[type=checkbox], a')
    .evaluateAll((elements) =>
      (elements as unknown as { ariaLabel: string | null; textContent: string }[]).map(
        ({ ariaLabel, textContent }) => ariaLabel ?? textContent,
      ),
    );
  return names.filter((name) => CHANGE.test(name));
}

inBrowser((engine) => {
  const console = Console.forEachTest(engine);

  describe('Signing in', () => {
    it('rejects an invalid key and a member key, with the reason', async () => {
      const page = await console.open();
      await signIn(page, 'ocr_wrong');
      await expect(page.getByRole('alert').innerText()).resolves.toContain('Invalid API key');
      for (const role of ['member', 'service'] as const) {
        const { apiKey } = await console.registry.createKey({ role });
        await signIn(page, apiKey);
        const told = `The console requires the viewer or admin role. This key has the ${role} role.`;
        await page.getByText(told).waitFor();
      }
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

  it('A viewer sees every page, and none of the controls of an admin that change anything', async () => {
    const id = await console.aClient({ name: 'Seen by a viewer' });
    const { value } = await console.registry.createInitialAccessToken({ name: 'A token' });
    const { apiKey } = await console.registry.createKey({ name: 'Auditor', role: 'viewer' });
    const page = await console.open('/');
    await signIn(page, apiKey);
    await page.getByText('Auditor, read-only').waitFor();
    const admin = await console.openSignedIn('/');
    for (const [path, shown] of [
      ['/', 'Overview'],
      ['/clients?q=Seen', 'Seen by a viewer'],
      [`/clients/${id}`, 'Secrets'],
      ['/keys', 'Auditor (this session)'],
      ['/tokens', `…${value.slice(-4)}`],
      ['/audit', 'Audit log'],
      ['/clients/new', 'This page requires the admin role.'],
    ] as const) {
      await page.goto(`${console.url}/admin${path}`);
      await page.getByText(shown).first().waitFor();
      expect([path, await changesOn(page)]).toEqual([path, []]);
      if (['/', '/audit'].includes(path)) continue;
      await admin.goto(`${console.url}/admin${path}`);
      await admin.getByRole('button', { name: CHANGE }).first().waitFor();
      expect(await changesOn(admin)).not.toEqual([]);
    }
  });

  it('Signing out ends the session for a copy of its cookie, too', async () => {
    const page = await console.openSignedIn();
    const cookies = await page.context().cookies();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Sign in with an API key').waitFor();
    await page.context().addCookies(cookies);
    await page.reload();
    await page.getByText('Sign in with an API key').waitFor();
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
