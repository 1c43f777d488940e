import type { Page } from 'playwright-core';
import { authorizationOf } from '../../support/authorization.js';
import { Console, inBrowser } from '../../support/console/browser.js';

inBrowser((engine) => {
  const console = Console.forEachTest(engine);
  const { register, ask, decide } = authorizationOf(() => console.registry);
  beforeAll(async () => {
    for (let n = 0; n < 45; n++) {
      const name = `Paged ${String(n).padStart(2, '0')}`;
      await console.aClient({ name });
      await console.registry.createKey({ name });
      await console.registry.createInitialAccessToken({ name });
    }
  });

  const shown = (page: Page) =>
    page
      .getByRole('row')
      .filter({ hasText: /Paged \d\d/ })
      .allInnerTexts();
  const turn = (page: Page, name: string) =>
    page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('button', { name }).click();

  it.each([
    ['/clients?q=Paged&order=NAME&direction=ASC', '45'],
    ['/keys', '46'],
    ['/tokens', '45'],
  ])(
    '%s goes back from a link that was shared, says where it is, and takes a page size',
    async (path, total) => {
      const page = await console.openSignedIn(path);
      await page.getByText(`1–20 of ${total}`).waitFor();
      const first = await shown(page);
      await turn(page, 'Next');
      await page.getByText(`21–40 of ${total}`).waitFor();
      const second = await shown(page);
      expect(second.filter((row) => first.includes(row))).toEqual([]);
      await turn(page, 'Next');
      await page.getByText(`41–${total} of ${total}`).waitFor();
      expect(await page.getByRole('button', { name: 'Next', exact: true }).isDisabled()).toBe(true);

      const { pathname, search } = new URL(page.url());
      const other = await console.openSignedIn(pathname.replace('/admin', '') + search);
      await other.getByText(`41–${total} of ${total}`).waitFor();
      await turn(other, 'Previous');
      await other.getByText(`21–40 of ${total}`).waitFor();
      const names = (rows: string[]) => rows.map((row) => /Paged \d\d/.exec(row)![0]);
      expect(names(await shown(other))).toEqual(names(second));
      await turn(other, 'Previous');
      await other.getByText(`1–20 of ${total}`).waitFor();
      expect(names(await shown(other))).toEqual(names(first));
      expect(await other.getByRole('button', { name: 'Previous' }).isDisabled()).toBe(true);

      await other.getByLabel('Rows per page').selectOption('50');
      await other.getByText(`1–${total} of ${total}`).waitFor();
      expect((await shown(other)).length).toBe(45);
      await other.goBack();
      await other.getByText(`1–20 of ${total}`).waitFor();
    },
  );

  it('the grants of a client go back from a link that was shared', async () => {
    const client = await register();
    for (let n = 0; n < 45; n++) {
      const { apiKey } = await console.registry.createKey({
        orgId: 'acme',
        userId: `Paged ${String(n).padStart(2, '0')}`,
      });
      const { consentToken } = await ask(client);
      await decide(consentToken, true, apiKey);
    }
    const page = await console.openSignedIn(`/clients/${client.id}`);
    await page.getByText('1–20 of 45').waitFor();
    expect((await shown(page))[0]).toMatch(/^Paged 44 of acme/);
    await turn(page, 'Next');
    await page.getByText('21–40 of 45').waitFor();
    await turn(page, 'Next');
    await page.getByText('41–45 of 45').waitFor();
    expect((await shown(page)).at(-1)).toMatch(/^Paged 00 of acme/);

    const other = await console.openSignedIn(`/clients/${client.id}${new URL(page.url()).search}`);
    await other.getByRole('button', { name: 'Revoke the grant of Paged 03 of acme' }).click();
    await other.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await other.getByText('41–44 of 44').waitFor();
    await turn(other, 'Previous');
    await other.getByText('21–40 of 44').waitFor();
    expect((await shown(other))[0]).toMatch(/^Paged 24 of acme/);
  });

  it('the audit log goes back from a link that was shared', async () => {
    const page = await console.openSignedIn('/audit');
    const pages = page.getByRole('navigation', { name: 'Pages', exact: true });
    await pages.getByText('1–20', { exact: true }).waitFor();
    const events = page.getByRole('main').getByRole('listitem');
    const first = await events.allInnerTexts();
    await turn(page, 'Next');
    await pages.getByText('21–40', { exact: true }).waitFor();
    const { search } = new URL(page.url());
    const other = await console.openSignedIn(`/audit${search}`);
    await turn(other, 'Previous');
    await other.getByText('1–20', { exact: true }).waitFor();
    expect(await other.getByRole('main').getByRole('listitem').count()).toBe(first.length);
  });
}, 'postgres');
