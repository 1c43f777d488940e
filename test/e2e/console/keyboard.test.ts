import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { Console, inBrowser } from '../../support/console/browser.js';

/** Where it is hardest: on a phone with a keyboard, in dark colours, without motion. */
const LOOK = {
  viewport: { width: 375, height: 700 },
  colorScheme: 'dark',
  reducedMotion: 'reduce',
} as const;
/** More Tab presses than any page needs. */
const MAX_PRESSES = 150;
/** A pause after an element opens or closes, which returns the focus a moment later. */
const REACTION_MS = 50;

/** What the focus is on, as a screen reader would say it. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  return (element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText ?? '').trim();
})()`;

/** A user without a mouse. */
class Typist {
  constructor(readonly page: Page) {}

  /** Goes on until the focus is where it should be. */
  async tabTo(name: string | RegExp): Promise<void> {
    await this.page.waitForTimeout(REACTION_MS);
    for (let presses = 0; presses < MAX_PRESSES; presses++) {
      await this.page.keyboard.press('Tab');
      const focused = await this.page.evaluate<string>(FOCUSED);
      if (typeof name === 'string' ? focused === name : name.test(focused)) return;
    }
    throw new Error(`The focus never comes to ${String(name)}`);
  }

  async press(name: string | RegExp, key = 'Enter'): Promise<void> {
    await this.tabTo(name);
    await this.page.keyboard.press(key);
  }

  async type(name: string | RegExp, text: string): Promise<void> {
    await this.tabTo(name);
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.type(text);
  }

  /** In a menu that was opened just now. */
  async choose(item: string): Promise<void> {
    const items = this.page.getByRole('menuitem');
    await items.first().waitFor();
    for (let presses = 10 * (await items.count()); presses > 0; presses--) {
      await this.page.keyboard.press('ArrowDown');
      if ((await this.page.evaluate<string>(FOCUSED)) === item) return this.page.keyboard.press('Enter');
      // The menu gets the focus a moment after it was opened
      await this.page.waitForTimeout(20);
    }
    throw new Error(`The focus never comes to ${item}`);
  }

  /** Through the menu, which is closed on a narrow screen. */
  async goTo(page: string): Promise<void> {
    await this.press('Open the menu');
    await this.press(page);
    await this.page.getByRole('heading', { level: 1, name: page }).waitFor();
  }

  /** Waits until a dialog has the focus: a program types faster than a user. */
  async seeDialog(): Promise<void> {
    await this.page.locator('[role=dialog]:focus, [role=dialog] :focus').first().waitFor();
  }

  /** Opens a dialog, does what it asks about, and waits until it is gone. */
  async confirm(open: string | RegExp, action: string | RegExp): Promise<void> {
    await this.press(open);
    await this.inDialog(action);
  }

  async inDialog(action: string | RegExp): Promise<void> {
    const dialog = this.page.getByRole('dialog');
    await this.seeDialog();
    await dialog.getByRole('button', { name: action, disabled: false }).waitFor();
    await this.press(action);
    await dialog.waitFor({ state: 'detached' });
  }
}

inBrowser((engine) => {
  const console = Console.forEachTest(engine);
  const sitDown = async (path: string) => new Typist(await console.openSignedIn(path, LOOK));

  describe('By keyboard alone, 375 px wide, in the dark, and without motion', () => {
    it('one signs in, finds a client, rotates its secret, and signs out', async () => {
      await console.aClient({ name: 'Everything' });
      const page = await console.open('/', LOOK);
      const typist = new Typist(page);
      await page.getByLabel('API key').first().waitFor();
      await typist.type(/^API key/, console.registry.adminKey);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();

      await typist.goTo('Clients');
      await typist.type('Name contains', 'Everything');
      // All of it: on a busy machine one types slowly, and a part finds the same client
      await page.waitForURL('**/clients?q=Everything');
      await page.getByText('1 client', { exact: true }).waitFor();
      await typist.press('Everything');
      await page.getByRole('heading', { name: 'Everything' }).waitFor();

      await typist.press('Rotate the secret');
      await typist.seeDialog();
      await typist.press('Rotate');
      await page.getByLabel('Client secret', { exact: true }).waitFor();
      await typist.inDialog('Done');
      // Back where it was, so that the next Tab goes on from there
      await page.getByRole('button', { name: 'Rotate the secret' }).and(page.locator(':focus')).waitFor();

      await typist.press('Sign out');
      await page.getByText('Sign in with an API key').waitFor();
    });

    it('edits a client, and merges a concurrent edit', async () => {
      const id = await console.aClient({ name: 'Original' });
      const typist = await sitDown(`/clients/${id}`);
      await typist.press('Edit');
      await typist.type('Name', 'Mine');
      await typist.type('Privacy policy', 'https://a.example/mine');
      await console.registry.send(`/v2/oauth/clients/${id}`, {
        method: 'PUT',
        key: console.registry.adminKey,
        body: { name: 'Theirs' },
      });
      await typist.press('Save');
      await typist.page.getByText('This client was changed while you edited it').waitFor();
      await typist.tabTo('Mine: Mine');
      await typist.page.keyboard.press('ArrowDown');
      await typist.press('Save merged client');
      await typist.page.getByRole('button', { name: 'Edit' }).waitFor();
      expect(await console.client(id)).toMatchObject({
        name: 'Theirs',
        policy_uri: 'https://a.example/mine',
      });
    });

    it('continues after the session has ended in the middle of a form', async () => {
      const id = await console.aClient({ name: 'Before' });
      const typist = await sitDown(`/clients/${id}`);
      await typist.press('Edit');
      await typist.type('Name', 'After');
      await console.registry.dataSource.query('UPDATE admin_sessions SET expires_at = 1');
      await typist.press('Save');
      await typist.page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
      await typist.seeDialog();
      await typist.type(/^API key/, console.registry.adminKey);
      await typist.page.keyboard.press('Enter');
      await typist.page.getByRole('dialog').waitFor({ state: 'detached' });
      await typist.press('Save');
      await typist.page.getByRole('heading', { level: 1, name: 'After' }).waitFor();
      expect(await console.client(id)).toMatchObject({ name: 'After' });
    });

    it('one disables, verifies, deletes and restores a client', async () => {
      const id = await console.aClient({ name: 'Eventful' });
      const typist = await sitDown(`/clients/${id}`);
      for (const deed of ['Disable', 'Enable', 'Verify', 'Delete', 'Restore'])
        await typist.confirm(deed, deed);
      expect(await console.standing(id)).toEqual({
        status: 'ACTIVE',
        verified: true,
        deletedAt: null,
        version: 6,
      });
    });

    it('one disables many, takes it back, chooses columns, and deletes all that match', async () => {
      const ids = await Promise.all([1, 2].map((n) => console.aClient({ name: `Bulk ${n}` })));
      const statuses = async () =>
        (await Promise.all(ids.map((id) => console.client(id)))).map((client) => client?.status ?? client);
      const typist = await sitDown('/clients?q=Bulk');
      const { page } = typist;
      await page.getByText('2 clients', { exact: true }).waitFor();
      await typist.press('Select Bulk 1', 'Space');
      await typist.press('Select Bulk 2', 'Space');
      await page.getByText('2 clients selected').waitFor();
      await typist.confirm('Disable selected', 'Disable 2 clients');
      await page.getByText('2 clients disabled').waitFor();
      expect(await statuses()).toEqual(['disabled', 'disabled']);
      await typist.press('Undo');
      await page.getByText('Undone: 2 clients enabled').waitFor();

      await typist.press('Columns');
      await typist.press('Scopes', 'Space');
      await page.getByRole('columnheader', { name: 'Scopes' }).waitFor();
      await page.keyboard.press('Escape');

      await typist.press('Actions for Bulk 1');
      await typist.choose('Disable…');
      await typist.inDialog('Disable 1 client');
      // Back at the menu's button, since the item is gone
      await page.getByRole('button', { name: 'Actions for Bulk 1' }).and(page.locator(':focus')).waitFor();

      await typist.press('All matching');
      await typist.choose('Delete all matching');
      await typist.inDialog('Delete 2 clients');
      await page.getByText('2 clients deleted').waitFor();
      expect(await Promise.all(ids.map((id) => console.client(id)))).toEqual([undefined, undefined]);
    });

    it('saves the filtered list as CSV', async () => {
      await Promise.all([1, 2].map((n) => console.aClient({ name: `To save ${n}` })));
      const typist = await sitDown('/clients?q=To+save');
      const { page } = typist;
      // As browsers without a way to write files do it
      await page.evaluate('delete window.showSaveFilePicker');
      await typist.press('Save as CSV');
      await typist.seeDialog();
      const [download] = await Promise.all([page.waitForEvent('download'), typist.press('Save')]);
      await page.getByText('Saved: 2 clients').waitFor();
      expect(await readFile(await download.path(), 'utf8')).toMatch(/\r\n"To save \d",.*\r\n"To save \d",/);
      await page.getByRole('button', { name: 'Close' }).and(page.locator(':focus')).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Save as CSV' }).and(page.locator(':focus')).waitFor();
    });

    it('one creates a client', async () => {
      const typist = await sitDown('/clients');
      const { page } = typist;
      await typist.press('New client');
      await page.getByRole('heading', { level: 1, name: 'New client' }).waitFor();
      await typist.type(/^Name/, 'By hand');
      await typist.tabTo(/^Public:/);
      await page.keyboard.press('ArrowDown');
      await typist.type('Redirect URIs', 'https://a.example/cb');
      await typist.press('curl', 'ArrowRight');
      await page.getByRole('tab', { name: 'SDK', selected: true }).waitFor();
      await typist.press('Create');
      await page.getByLabel('Client secret', { exact: true }).waitFor();
      await typist.inDialog('Done');
      await typist.press('Open the client');
      await page.getByRole('heading', { level: 1, name: 'By hand' }).waitFor();
      expect(await console.client(page.url().split('/').at(-1)!)).toMatchObject({
        client_type: 'confidential',
        redirect_uris: ['https://a.example/cb'],
      });
    });

    it('one makes and revokes a key and an initial access token, and looks for it in the audit log', async () => {
      const typist = await sitDown('/keys');
      const { page } = typist;
      for (const [open, what, name] of [
        ['New key', 'API key', 'ci'],
        ['New token', 'Initial access token', 'fleet'],
      ] as const) {
        if (open === 'New token') await typist.goTo('Initial access tokens');
        await typist.press(open);
        await typist.seeDialog();
        await typist.type(/^Name/, name);
        await typist.press('Create');
        await page.getByLabel(what, { exact: true }).waitFor();
        await page
          .getByRole('button', { name: `Copy ${what}` })
          .and(page.locator(':focus'))
          .waitFor();
        await typist.inDialog('Done');
        await typist.confirm(`Revoke ${name}`, 'Revoke');
        await page.getByText('Revoked').waitFor();
      }
      await typist.goTo('Audit log');
      await typist.tabTo('Action');
      await page.keyboard.type('Initial access token rev');
      await page.waitForURL('**/audit?action=INITIAL_ACCESS_TOKEN_REVOKED');
      // Each letter chooses again, so that the list may first be of another kind of event
      const events = page.getByRole('main').getByRole('listitem');
      await events.filter({ hasText: 'Initial access token created' }).first().waitFor({ state: 'detached' });
      await events.filter({ hasText: 'Initial access token revoked' }).waitFor();
      expect(await events.count()).toBe(1);
    });
  });
}, 'postgres');
