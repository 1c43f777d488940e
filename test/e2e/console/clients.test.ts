import { readFile } from 'node:fs/promises';
import { change } from '../../support/graphql/graphql.js';
import { Console, inBrowser } from '../../support/console/browser.js';

inBrowser((engine) => {
  const console = Console.forEachTest(engine, { isSeeded: true });

  describe('The list of clients', () => {
    it('finds by a part of the name; its URL shows the same list, and back works', async () => {
      const id = await console.aClient({ name: 'Needle in a haystack' });
      const page = await console.openSignedIn('/clients');
      await page.getByText(/^10,\d\d\d clients$/).waitFor();
      await page.getByLabel('Name contains').fill('needle');
      await page.getByText('1 client', { exact: true }).waitFor();
      expect(new URL(page.url()).searchParams.get('q')).toBe('needle');
      expect(await page.getByRole('row').count()).toBe(2);

      const other = await console.openSignedIn(`/clients${new URL(page.url()).search}`);
      await other.getByRole('link', { name: 'Needle in a haystack' }).click();
      await other.waitForURL(`**/admin/clients/${id}`);
      await other.goBack();
      expect(await other.getByLabel('Name contains').inputValue()).toBe('needle');
      await other.getByRole('link', { name: 'Needle in a haystack' }).waitFor();
    });

    it('filters, orders, and turns pages by the server', async () => {
      const page = await console.openSignedIn('/clients?orgId=seeded&order=NAME&direction=ASC');
      const first = () => page.getByRole('row').nth(1).getByRole('link').first().innerText();
      expect(await first()).toBe('Seeded 0');
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByRole('button', { name: 'First page', disabled: false }).waitFor();
      await page.getByRole('link', { name: 'Seeded 1016', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Previous' }).click();
      await page.getByRole('link', { name: 'Seeded 0', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Name' }).click();
      await page.getByRole('link', { name: 'Seeded 9999', exact: true }).waitFor();
      expect(await page.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort')).toBe(
        'descending',
      );
      await page.getByLabel('Status').selectOption('DISABLED');
      await page.getByText('No client matches').waitFor();
    });

    it('finds clients by redirect host, software, authentication and last use, and orders them by last use', async () => {
      const at = (day: number) => ({ lastUsedAt: new Date(Date.UTC(2026, 0, day)) });
      const redirecting = { redirect_uris: ['https://idle.example/cb'], software_id: 'idle' };
      const register = async (name: string, metadata: object, later: object = {}) => {
        const { body } = await console.registry.register({ client_name: name, ...metadata });
        await change(console.registry, body.client_id, later);
      };
      await register('Idle 1', { ...redirecting, token_endpoint_auth_method: 'none' }, at(9));
      await register('Idle 2', { redirect_uris: ['cursor://cb'] }, at(3));
      await register('Idle 3', { ...redirecting, token_endpoint_auth_method: 'client_secret_post' });
      const page = await console.openSignedIn('/clients?q=Idle');
      const names = () => page.getByRole('link', { name: /^Idle/ }).allInnerTexts();
      const found = (count: string) => page.getByText(count, { exact: true }).waitFor();
      const header = page.getByRole('columnheader', { name: 'Last used' });
      await found('3 clients');

      for (const [sort, expected] of [
        ['descending', ['Idle 1', 'Idle 2', 'Idle 3']],
        ['ascending', ['Idle 3', 'Idle 2', 'Idle 1']],
      ] as const) {
        await header.getByRole('button').click();
        await page.locator(`th[aria-sort=${sort}]`).filter({ hasText: 'Last used' }).waitFor();
        await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
        expect(await names()).toEqual(expected);
      }
      expect(await page.getByRole('row').nth(1).getByText('never').count()).toBe(1);

      await page.getByLabel('Redirect host').fill('Idle.Example');
      await found('2 clients');
      await page.getByLabel('Authentication').selectOption('CLIENT_SECRET_POST');
      await found('1 client');
      await page.getByLabel('Software ID').fill('idle');
      await page.waitForURL('**softwareId=idle**');
      await found('1 client');
      expect(await names()).toEqual(['Idle 3']);

      const search = Object.fromEntries(new URL(page.url()).searchParams);
      expect(search).toMatchObject({ order: 'LAST_USED_AT', direction: 'ASC', redirectHost: 'Idle.Example' });
      await page.goto(`${console.registry.url}/admin/clients?q=Idle`);
      await page.getByLabel('Last used before (UTC)').fill('2026-01-04');
      await found('1 client');
      expect(await names()).toEqual(['Idle 2']);
      await page.getByLabel('Redirect host').fill('https://idle.example/');
      await page.getByRole('alert').filter({ hasText: 'filter.redirectHost' }).waitFor();
    });

    it('shows the columns that are chosen', async () => {
      const page = await console.openSignedIn('/clients');
      await page.getByRole('button', { name: 'Columns' }).click();
      await page.getByLabel('Scopes', { exact: true }).check();
      await page.getByRole('columnheader', { name: 'Scopes' }).waitFor();
      expect(page.url()).toContain('allowedScopes');
    });

    it('disables the selected clients after a confirmation with their number, and undoes it', async () => {
      const ids = await Promise.all([1, 2, 3].map((n) => console.aClient({ name: `Bulk ${n}` })));
      const statuses = async () =>
        (await Promise.all(ids.map((id) => console.client(id)))).map(({ status }) => status);
      const page = await console.openSignedIn('/clients?q=Bulk');
      await page.getByText('3 clients', { exact: true }).waitFor();
      await page.getByLabel('Select Bulk 1').check();
      await page.getByLabel('Select Bulk 2').check();
      await page.getByRole('button', { name: 'Disable selected' }).click();
      await page.getByText('2 clients will be disabled').waitFor();
      await page.getByRole('button', { name: 'Disable 2 clients' }).click();
      await page.getByText('2 clients disabled').waitFor();
      expect(await statuses()).toEqual(['disabled', 'disabled', undefined]);
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByText('Undone: 2 clients enabled').waitFor();
      expect(await statuses()).toEqual([undefined, undefined, undefined]);
    });

    it('deletes all that match, and restores one', async () => {
      const ids = await Promise.all([1, 2].map((n) => console.aClient({ name: `Doomed ${n}` })));
      const page = await console.openSignedIn('/clients?q=Doomed');
      await page.getByText('2 clients', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'All matching' }).click();
      await page.getByRole('menuitem', { name: 'Delete all matching' }).click();
      await page.getByText('not only this page').waitFor();
      await page.getByRole('button', { name: 'Delete 2 clients' }).click();
      await page.getByText('2 clients deleted').waitFor();
      await page.getByLabel('Deleted').check();
      await page.getByRole('button', { name: 'Actions for Doomed 1' }).click();
      await page.getByRole('menuitem', { name: 'Restore' }).click();
      await page.getByRole('button', { name: 'Restore 1 client' }).click();
      await page.getByText('1 client restored').waitFor();
      expect((await console.client(ids[0]!)).name).toBe('Doomed 1');
      expect(await console.client(ids[1]!)).toBeUndefined();
    });

    it('saves all that match as CSV, and nothing that a spreadsheet would run', async () => {
      await console.aClient({
        name: '=HYPERLINK("https://evil.example")',
        redirect_uris: ['https://a.example/cb'],
      });
      await Promise.all(
        Array.from({ length: 120 }, (_, n) =>
          console.aClient({ name: `Row, ${n}`, allowed_scopes: ['csv'] }),
        ),
      );
      const page = await console.openSignedIn('/clients?scope=csv');
      // As browsers without a way to write files do it
      await page.evaluate('delete window.showSaveFilePicker');
      await page.getByRole('button', { name: 'Save as CSV' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('dialog').getByRole('button', { name: 'Save' }).click(),
      ]);
      await page.getByText('Saved: 120 clients').waitFor();
      const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
      expect(lines).toHaveLength(121);
      // With a byte order mark, by which Excel knows the encoding
      expect(lines[0]).toMatch(/^\ufeff"name","clientId","clientType",/);
      expect(lines[1]).toMatch(/^"Row, \d+","[\da-f-]{36}","CONFIDENTIAL","API","ACTIVE",/);

      await page.goto(`${console.registry.url}/admin/clients?q=HYPERLINK`);
      await page.evaluate('delete window.showSaveFilePicker');
      await page.getByRole('button', { name: 'Save as CSV' }).click();
      const [harmless] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('dialog').getByRole('button', { name: 'Save' }).click(),
      ]);
      expect(await readFile(await harmless.path(), 'utf8')).toContain(
        `\r\n"'=HYPERLINK(""https://evil.example"")",`,
      );
    });
  });

  describe('One client', () => {
    it('shows the errors of the API at the fields', async () => {
      const id = await console.aClient({ name: 'Valid' });
      const page = await console.openSignedIn(`/clients/${id}`);
      await page.getByRole('button', { name: 'Edit' }).click();
      await page
        .getByLabel('Redirect URIs', { exact: true })
        .fill('javascript:alert(1)\nhttps://a.example/cb');
      await page.getByLabel('Logo', { exact: true }).fill('ftp://a.example/logo');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('alert').waitFor();
      for (const label of ['Redirect URIs', 'Logo']) {
        expect(await page.getByLabel(label, { exact: true }).getAttribute('aria-invalid')).toBe('true');
      }
      expect((await console.client(id)).redirect_uris).toEqual([]);
    });

    it('merges an edit with a concurrent edit, field by field', async () => {
      const id = await console.aClient({ name: 'Original' });
      const page = await console.openSignedIn(`/clients/${id}`);
      await page.getByRole('button', { name: 'Edit' }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('Mine');
      await page.getByLabel('Privacy policy').fill('https://a.example/mine');
      await console.registry.send(`/v2/oauth/clients/${id}`, {
        method: 'PUT',
        key: console.registry.adminKey,
        body: { name: 'Theirs', tos_uri: 'https://a.example/theirs' },
      });
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('This client was changed while you edited it').waitFor();
      await page.getByText('Changes without a conflict were applied: Terms of service').waitFor();
      await page.getByLabel('Theirs: Theirs').check();
      await page.getByRole('button', { name: 'Save merged client' }).click();
      await page.getByRole('button', { name: 'Edit' }).waitFor();
      expect(await console.client(id)).toMatchObject({
        name: 'Theirs',
        tos_uri: 'https://a.example/theirs',
        policy_uri: 'https://a.example/mine',
      });
    });

    it('rotates its secret, which is shown once, and revokes the old one', async () => {
      const id = await console.aClient({ name: 'Rotating' });
      const page = await console.openSignedIn(`/clients/${id}`);
      await page.getByRole('button', { name: 'Rotate the secret' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
      const secret = await page.getByLabel('Client secret', { exact: true }).innerText();
      expect(secret).toMatch(/^[\w-]{43}$/);
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('cell', { name: `…${secret.slice(-4)}` }).waitFor();
      expect(await page.content()).not.toContain(secret);
      const rows = page.getByRole('region', { name: 'Secrets' }).getByRole('row');
      expect(await rows.count()).toBe(3);
      await rows
        .nth(2)
        .getByRole('button', { name: /^Revoke/ })
        .click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await rows.count()).toBe(2);
    });

    it('shows when each secret was last used: how long ago, and at what time on hover', async () => {
      const id = await console.aClient({ name: 'Authenticating' });
      const usedAt = new Date(Date.now() - 2.5 * 3_600_000);
      await console.registry.dataSource.query(
        `UPDATE oauth_client_secrets SET last_used_at = ${usedAt.getTime()} WHERE client_id = '${id}'`,
      );
      await console.registry.send(`/v2/oauth/clients/${id}/secrets`, {
        key: console.registry.adminKey,
        body: {},
      });
      const page = await console.openSignedIn(`/clients/${id}`);
      const rows = page.getByRole('region', { name: 'Secrets' }).getByRole('row');
      // The newer one expires never, either
      expect(await rows.nth(1).getByText('never').count()).toBe(2);
      const time = rows.nth(2).locator(`time[datetime="${usedAt.toISOString()}"]`);
      expect(await time.innerText()).toMatch(/^[23] hours ago$/);
      await time.hover();
      await page
        .getByRole('tooltip')
        .filter({ hasText: String(usedAt.getFullYear()) })
        .waitFor();
    });

    it('is disabled, enabled, verified, deleted and restored, and its history has the events', async () => {
      const id = await console.aClient({ name: 'Eventful' });
      const page = await console.openSignedIn(`/clients/${id}`);
      for (const deed of ['Disable', 'Enable', 'Verify', 'Delete', 'Restore']) {
        await page.getByRole('main').getByRole('button', { name: deed, exact: true }).click();
        await page.getByRole('dialog').getByRole('button', { name: deed, exact: true }).click();
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      await page.getByText('Client restored').first().waitFor();
      for (const event of [
        'Client deleted',
        'Client verified',
        'Client enabled',
        'Client disabled',
        'Client created',
      ]) {
        expect(await page.getByText(event, { exact: true }).count()).toBe(1);
      }
      expect(await console.standing(id)).toEqual({
        status: 'ACTIVE',
        verified: true,
        deletedAt: null,
        version: 6,
      });
    });

    it('edits the URIs of sign-in and sign-out, and shows them', async () => {
      const id = await console.aClient({ name: 'Signing out' });
      const page = await console.openSignedIn(`/clients/${id}`);
      await page.getByRole('button', { name: 'Edit' }).click();
      await page.getByLabel('Initiate login URI').fill('https://a.example/login');
      await page.getByLabel('Post-logout redirect URIs').fill('https://a.example/bye\nhttps://b.example/bye');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('button', { name: 'Edit' }).waitFor();
      for (const uri of ['https://a.example/login', 'https://a.example/bye', 'https://b.example/bye'])
        await page.getByRole('definition').getByText(uri, { exact: true }).waitFor();
      const { body } = await console.registry.graphql(
        `{ oauthClient(clientId: "${id}") { initiateLoginUri postLogoutRedirectUris } }`,
      );
      expect(body.data.oauthClient).toEqual({
        initiateLoginUri: 'https://a.example/login',
        postLogoutRedirectUris: ['https://a.example/bye', 'https://b.example/bye'],
      });
    });

    it('warns about unusual redirect URIs, and reports an unknown id', async () => {
      const id = await console.aClient({
        redirect_uris: ['http://localhost:1/cb', 'cursor://cb', 'https://a.example/'],
      });
      const page = await console.openSignedIn(`/clients/${id}`);
      await page.getByText('Loopback:').waitFor();
      await page.getByText('Private-use scheme:').waitFor();
      await page.goto(`${console.registry.url}/admin/clients/01a20f98-0000-7000-8000-000000000000`);
      await page.getByText('No client has this ID').waitFor();
    });
  });
});
