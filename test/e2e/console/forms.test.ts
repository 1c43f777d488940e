import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { Console, inBrowser, type PageElement } from '../../support/console/browser.js';

/** Whether it can be seen without scrolling, and nothing lies above it. */
const isInSight = (element: Locator) =>
  element.evaluate((node: PageElement) => {
    const { x, y, width, height } = node.getBoundingClientRect();
    const top = node.ownerDocument.elementFromPoint(x + width / 2, y + height / 2);
    return node.contains(top) || (top?.contains(node) ?? false);
  });
const focused = (page: Page) =>
  page.evaluate<string>('document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText');

inBrowser((engine) => {
  const console = Console.forEachTest(engine);
  const edit = async (id: string, options = {}) => {
    const page = await console.openSignedIn(`/clients/${id}`, options);
    await page.getByRole('button', { name: 'Edit' }).click();
    return page;
  };

  describe('A form that is rejected', () => {
    it.each([
      { width: 1280, height: 800 },
      { width: 375, height: 700 },
    ])('moves the focus to the first invalid field, and describes each, $width px wide', async (viewport) => {
      const page = await edit(await console.aClient({ name: 'Valid' }), { viewport });
      await page
        .getByLabel('Redirect URIs', { exact: true })
        .fill('javascript:alert(1)\nhttps://a.example/cb\nhttp://b.example/');
      await page.getByLabel('Logo', { exact: true }).fill('ftp://a.example/logo');
      await page.getByRole('button', { name: 'Save' }).click();
      const alert = page.getByRole('alert').filter({ hasText: '2 fields to correct' });
      await alert.waitFor();
      const redirectUris = page.getByLabel('Redirect URIs', { exact: true });
      expect(await focused(page)).toBe('Redirect URIs');
      expect(await isInSight(redirectUris)).toBe(true);
      expect(await isInSight(alert)).toBe(true);
      expect(await isInSight(page.getByRole('button', { name: 'Save' }))).toBe(true);
      const message = await page.locator('.mantine-InputWrapper-error').first().innerText();
      expect(message.split('\n')).toEqual([
        expect.stringMatching(/^Entry 1 must /),
        expect.stringMatching(/^Entry 3 must /),
      ]);
      expect(await page.content()).not.toContain('redirectUris.');

      await redirectUris.fill('https://a.example/cb');
      await page.getByText('1 field to correct').waitFor();
      expect(await redirectUris.getAttribute('aria-invalid')).not.toBe('true');
      await alert.page().getByRole('button', { name: 'Logo', exact: true }).click();
      expect(await focused(page)).toBe('Logo');
      await page.getByLabel('Logo', { exact: true }).fill('https://a.example/logo');
      await page.getByRole('alert').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('button', { name: 'Edit' }).waitFor();
    });

    it('opens the section that hides the field', async () => {
      const page = await console.openSignedIn('/clients/new');
      await page.getByRole('textbox', { name: 'Name' }).fill('Hidden');
      await page.getByLabel('Redirect URIs', { exact: true }).fill('https://a.example/cb');
      await page.getByText('More fields: URLs').click();
      await page.getByLabel('Logo', { exact: true }).fill('ftp://a.example/logo');
      await page.getByText('More fields: URLs').click();
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByText('1 field to correct').waitFor();
      expect(await focused(page)).toBe('Logo');
      expect(await isInSight(page.getByLabel('Logo', { exact: true }))).toBe(true);
    });

    it.each([
      ['/keys', 'New key', 'Name', '\u200b'],
      ['/tokens', 'New token', 'Redirect hosts', 'https://a.example/'],
    ])('is the same in a dialog: %s', async (path, open, label, value) => {
      const page = await console.openSignedIn(path, { viewport: { width: 375, height: 600 } });
      await page.getByRole('button', { name: open }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('A name');
      const field = dialog.getByLabel(label);
      await field.fill(value);
      await dialog.getByRole('button', { name: 'Create' }).click();
      await dialog.getByText('1 field to correct').waitFor();
      expect(await focused(page)).toContain(label);
      expect(await isInSight(field)).toBe(true);
      expect(await isInSight(dialog.getByRole('button', { name: 'Create' }))).toBe(true);
    });
  });

  it('In a conflict nothing is chosen beforehand, and nothing is saved until each field is decided', async () => {
    const id = await console.aClient({ name: 'Original' });
    const page = await edit(id);
    await page.getByRole('textbox', { name: 'Name' }).fill('Mine');
    await page.getByLabel('Privacy policy').fill('https://a.example/mine');
    await console.registry.send(`/v2/oauth/clients/${id}`, {
      method: 'PUT',
      key: console.registry.adminKey,
      body: { name: 'Theirs', policy_uri: 'https://a.example/theirs' },
    });
    await page.getByRole('button', { name: 'Save' }).click();
    const conflict = page
      .getByRole('alert')
      .filter({ hasText: 'This client was changed while you edited it' });
    await conflict.waitFor();
    expect(await isInSight(conflict)).toBe(true);
    expect(await conflict.getByRole('radio', { checked: true }).count()).toBe(0);
    const mine = (await conflict.getByText('Mine: Mine').boundingBox())!;
    const theirs = (await conflict.getByText('Theirs: Theirs').boundingBox())!;
    expect(mine.y).toBe(theirs.y);
    const save = page.getByRole('button', { name: 'Save merged client' });
    expect(await save.isDisabled()).toBe(true);
    await page.getByText('To resolve: Name, Privacy policy').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).press('Enter');
    await page.getByLabel('Theirs: Theirs').check();
    expect(await save.isDisabled()).toBe(true);
    expect(await console.client(id)).toMatchObject({
      name: 'Theirs',
      policy_uri: 'https://a.example/theirs',
    });
    await page.getByLabel('Privacy policy').last().fill('https://a.example/both');
    await save.click();
    await page.getByRole('button', { name: 'Edit' }).waitFor();
    expect(await console.client(id)).toMatchObject({ name: 'Theirs', policy_uri: 'https://a.example/both' });
  });

  describe('A secret that is shown once', () => {
    const shown: [string, (page: Page) => Promise<void>, string, string[]][] = [
      [
        'a new client',
        async (page) => {
          await page.goto(`${console.url}/admin/clients/new`);
          await page.getByRole('textbox', { name: 'Name' }).fill('Secret');
          await page.getByLabel(/^Confidential/).check();
          await page.getByLabel('Redirect URIs', { exact: true }).fill('https://a.example/cb');
          await page.getByRole('button', { name: 'Create', exact: true }).click();
        },
        'Client secret',
        ['client_id', 'client_secret'],
      ],
      [
        'a rotation',
        async (page) => {
          await page.goto(`${console.url}/admin/clients/${await console.aClient()}`);
          await page.getByRole('button', { name: 'Rotate the secret' }).click();
          await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
        },
        'Client secret',
        ['client_id', 'client_secret'],
      ],
      [
        'an API key',
        async (page) => {
          await page.goto(`${console.url}/admin/keys`);
          await page.getByRole('button', { name: 'New key' }).click();
          await page.getByLabel('Name').fill('ci');
          await page.getByRole('button', { name: 'Create' }).click();
        },
        'API key',
        ['api_key'],
      ],
      [
        'an initial access token',
        async (page) => {
          await page.goto(`${console.url}/admin/tokens`);
          await page.getByRole('button', { name: 'New token' }).click();
          await page.getByLabel('Name').fill('fleet');
          await page.getByRole('button', { name: 'Create' }).click();
        },
        'Initial access token',
        ['initial_access_token'],
      ],
    ];

    it.each(shown)(
      'is taken away by "Done" alone, and can be copied and saved: %s',
      async (_, make, what, names) => {
        const page = await console.openSignedIn('/');
        // Asked whether to leave, one stays
        page.on('dialog', (dialog) => void dialog.dismiss());
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
        await make(page);
        const dialog = page.getByRole('dialog');
        const secret = await dialog.getByLabel(what, { exact: true }).innerText();
        await page.keyboard.press('Escape');
        await page.mouse.click(5, 5);
        await page.evaluate('history.back()');
        await page.waitForTimeout(300);
        expect(await dialog.getByLabel(what, { exact: true }).innerText()).toBe(secret);

        const copied = async (name: string) => {
          await dialog.getByRole('button', { name, exact: true }).click();
          return page.evaluate<string>('navigator.clipboard.readText()');
        };
        expect(await copied(`Copy ${what}`)).toBe(secret);
        const env = await copied(`Copy ${what} as .env`);
        expect(
          env
            .trimEnd()
            .split('\n')
            .map((line) => line.split('=')[0]),
        ).toEqual(names.map((name) => name.toUpperCase()));
        expect(env).toContain(`=${secret}\n`);
        const json = JSON.parse(await copied(`Copy ${what} as JSON`)) as object;
        expect(json).toMatchObject({ [names.at(-1)!]: secret });
        expect(Object.keys(json)).toEqual(names);
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          dialog.getByRole('button', { name: 'Download' }).click(),
        ]);
        expect(JSON.parse(await readFile(await download.path(), 'utf8'))).toEqual(json);

        await dialog.getByRole('button', { name: 'Done' }).click();
        await dialog.waitFor({ state: 'detached' });
        expect(await page.content()).not.toContain(secret);
      },
    );
  });

  describe('What was typed into a form', () => {
    const leave = {
      'a link': (page: Page) => page.getByRole('link', { name: 'Audit log' }).click(),
      'the browser’s back': (page: Page) => page.evaluate('history.back()'),
      Cancel: (page: Page) => page.getByRole('button', { name: 'Cancel' }).click(),
    };

    it.each(Object.entries(leave))('asks before %s leaves it', async (_, go) => {
      const page = await console.openSignedIn('/clients');
      await page.getByRole('link', { name: 'New client' }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('Not lost');
      await go(page);
      const question = page.getByRole('dialog', { name: 'Discard your changes?' });
      await question.getByRole('button', { name: 'Keep editing' }).click();
      await question.waitFor({ state: 'detached' });
      expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Not lost');
      await go(page);
      await question.getByRole('button', { name: 'Discard' }).click();
      await page.getByRole('heading', { level: 1, name: 'New client' }).waitFor({ state: 'detached' });
    });

    it('is kept on reload, and without input nothing is asked', async () => {
      const page = await edit(await console.aClient({ name: 'Before' }));
      const asked: string[] = [];
      page.on('dialog', (dialog) => {
        asked.push(dialog.type());
        void dialog.accept();
      });
      await page.reload();
      await page.getByRole('button', { name: 'Edit' }).click();
      expect(asked).toEqual([]);
      await page.getByRole('textbox', { name: 'Name' }).fill('After');
      await page.reload();
      expect(asked).toEqual(['beforeunload']);
      await page.getByRole('button', { name: 'Edit' }).click();
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Edit' }).waitFor();
      await page.getByRole('link', { name: 'Audit log' }).click();
      await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor();
    });

    it.each([
      ['/keys', 'New key'],
      ['/tokens', 'New token'],
    ])('is not lost by Escape or a click outside the dialog: %s', async (path, open) => {
      const page = await console.openSignedIn(path);
      await page.getByRole('button', { name: open }).click();
      await page.getByLabel('Name').fill('Not lost');
      const question = page.getByRole('dialog', { name: 'Discard your changes?' });
      for (const leave of [() => page.keyboard.press('Escape'), () => page.mouse.click(5, 5)]) {
        await leave();
        await question.getByRole('button', { name: 'Keep editing' }).click();
        await question.waitFor({ state: 'detached' });
        expect(await page.getByLabel('Name').inputValue()).toBe('Not lost');
      }
      await page.keyboard.press('Escape');
      await question.getByRole('button', { name: 'Discard' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    });
  });
}, 'sqlite');
