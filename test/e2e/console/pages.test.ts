import { Console, inBrowser, signIn } from '../../support/console/browser.js';

/** Of what it takes to sign in, on its way. */
const MAX_FIRST_LOAD_BYTES = 300_000;
/** With the overview and its chart, which come afterwards. */
const MAX_OVERVIEW_BYTES = 350_000;

inBrowser((engine) => {
  const console = Console.forEachTest(engine);

  describe('The overview', () => {
    it('is one GraphQL request, with counts, expiring secrets and recent activity', async () => {
      await console.registry.register({ client_name: 'Software', redirect_uris: ['https://a.example/cb'] });
      await console.registry.register({ redirect_uris: ['javascript:alert(1)'] });
      const id = await console.aClient({ name: 'Rotated' });
      await console.registry.send(`/v2/oauth/clients/${id}/secrets`, {
        key: console.registry.adminKey,
        body: { expire_others_in: 3600 },
      });
      await console.registry.createKey({ name: 'ends soon', expiresAt: new Date(Date.now() + 86_400_000) });
      // What was counted is written down every few seconds
      const isCounted = async () => {
        const rows = await console.registry.dataSource.query<unknown[]>('SELECT * FROM registration_counts');
        return rows.length >= 2;
      };
      for (let waits = 0; waits < 80 && !(await isCounted()); waits++)
        await new Promise((done) => setTimeout(done, 100));
      const today = new Date().toISOString().slice(0, 10);
      await console.registry.dataSource.query(
        `INSERT INTO client_authentication_counts VALUES ('${today}', 'authenticated', 7), ('${today}', 'wrong_secret', 2)`,
      );
      await console.registry.dataSource.query(
        `INSERT INTO oauth_token_counts VALUES ('${today}', 'authorization_code', 5), ('${today}', 'refresh_token', 3)`,
      );

      const page = await console.openSignedIn('/keys');
      const operations: string[] = [];
      page.on('request', (request) => {
        if (request.url().endsWith('/graphql')) operations.push(/query (\w+)/.exec(request.postData()!)![1]!);
      });
      await page.getByRole('link', { name: 'Overview' }).click();
      await page.getByText('Secrets that expire within 30 days: 1').waitFor();
      await page.getByText('API keys that expire within 30 days: 1').waitFor();
      await page.getByRole('paragraph').filter({ hasText: 'ends soon' }).waitFor();
      expect(operations).toEqual(['Overview']);

      for (const [title, results, counts] of [
        ['Registrations', ['Created', 'Invalid redirect URI'], ['1', '1']],
        ['Client authentications', ['Authenticated', 'Wrong secret'], ['7', '2']],
        ['Issued tokens', ['Authorization code', 'Refresh token'], ['5', '3']],
      ] as const) {
        const section = page.locator('section').filter({ has: page.getByRole('heading', { name: title }) });
        await section.getByText('Show as table').click();
        const table = section.getByRole('region', { name: `${title} per day` });
        expect(await table.getByRole('columnheader').allInnerTexts()).toEqual(['Day', ...results]);
        const row = table.getByRole('row').filter({ hasText: today });
        expect(await row.getByRole('cell').allInnerTexts()).toEqual(counts);
      }
      await page.getByRole('link', { name: 'Dynamic' }).click();
      await page.getByRole('link', { name: 'Software' }).waitFor();
      expect(new URL(page.url()).searchParams.get('source')).toBe('DYNAMIC');
    });

    it('loads less than 300 kB compressed at first, and little more later', async () => {
      const page = await console.open();
      let bytes = 0;
      const session = await page.context().newCDPSession(page);
      await session.send('Network.enable');
      // The page before has loaded it all
      await session.send('Network.setCacheDisabled', { cacheDisabled: true });
      session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
      await page.reload();
      await page.getByLabel('API key').first().waitFor();
      await page.waitForLoadState('networkidle');
      expect(bytes).toBeGreaterThan(50_000);
      expect(bytes).toBeLessThan(MAX_FIRST_LOAD_BYTES);
      await signIn(page, console.registry.adminKey);
      await page.getByText('Recent activity').waitFor();
      await page.waitForLoadState('networkidle');
      expect(bytes).toBeLessThan(MAX_OVERVIEW_BYTES);
    });
  });

  describe('Creating a client', () => {
    it('shows equivalent requests while typing, and the secret once', async () => {
      const page = await console.openSignedIn('/clients/new');
      await page.getByRole('textbox', { name: 'Name' }).fill(`O'Neill's app`);
      await page.getByLabel('Confidential: runs on a server').check();
      await page.getByLabel('Redirect URIs', { exact: true }).fill('https://a.example/cb');
      await page.getByLabel('Scopes').fill('read\nwrite');

      const preview = page.getByRole('tabpanel').locator('pre');
      const curl = await preview.innerText();
      const [, sent] = /-d '(.*)'$/s.exec(curl)!;
      const byRest = await console.registry.createClient(sent!.replaceAll(`'\\''`, `'`));
      expect(byRest.status).toBe(201);

      await page.getByRole('tab', { name: 'GraphQL' }).click();
      const byGraphql = await console.registry.graphql(await preview.innerText());
      expect(byGraphql.body.errors).toBeUndefined();

      await page.getByRole('tab', { name: 'SDK' }).click();
      expect(await preview.innerText()).toContain('client.oauthClients.create(');

      await page.getByRole('button', { name: 'Create', exact: true }).click();
      const secret = await page.getByLabel('Client secret', { exact: true }).innerText();
      expect(secret).toMatch(/^[\w-]{43}$/);
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('link', { name: 'Open the client' }).click();
      await page.getByRole('heading', { level: 1, name: `O'Neill's app` }).waitFor();
      expect(await page.content()).not.toContain(secret);

      const byHand = await console.client(page.url().split('/').at(-1)!);
      const asked = (client: Record<string, unknown>) => [
        client.name,
        client.client_type,
        client.allowed_scopes,
        client.allowed_grant_types,
        client.redirect_uris,
        client.require_pkce,
      ];
      expect(asked(byHand)).toEqual([
        `O'Neill's app`,
        'confidential',
        ['read', 'write'],
        ['authorization_code'],
        ['https://a.example/cb'],
        true,
      ]);
      expect(asked(byRest.body.data)).toEqual(asked(byHand));
      const graphqlId = byGraphql.body.data.createOAuthClient.client.clientId as string;
      expect(asked(await console.client(graphqlId))).toEqual(asked(byHand));
    });

    it('shows the errors of the API at each field, and keeps the input', async () => {
      const page = await console.openSignedIn('/clients/new');
      await page.getByRole('textbox', { name: 'Name' }).fill('x'.repeat(256));
      await page.getByLabel('Redirect URIs', { exact: true }).fill('http://a.example/cb');
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('textbox', { name: 'Name' }).getAttribute('aria-invalid')).toBe('true');
      expect(await page.getByLabel('Redirect URIs', { exact: true }).getAttribute('aria-invalid')).toBe(
        'true',
      );
      expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toHaveLength(256);
    });
  });

  describe('Keys and tokens', () => {
    it('are created, shown once, and revoked', async () => {
      const page = await console.openSignedIn('/keys');
      await page.getByRole('button', { name: 'New key' }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('ci');
      await page.getByRole('textbox', { name: 'Organization' }).fill('acme');
      await page.getByRole('button', { name: 'Create' }).click();
      const key = await page.getByLabel('API key', { exact: true }).innerText();
      expect((await console.registry.createClient({}, key)).status).toBe(422);
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('button', { name: 'Revoke ci' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByText('Revoked').waitFor();
      expect((await console.registry.createClient({}, key)).status).toBe(401);

      await page.getByRole('link', { name: 'Initial access tokens' }).click();
      await page.getByRole('button', { name: 'New token' }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('fleet');
      await page.getByLabel('Redirect hosts').fill('localhost');
      await page.getByRole('button', { name: 'Create' }).click();
      const token = await page.getByLabel('Initial access token', { exact: true }).innerText();
      expect(
        (await console.registry.register({ redirect_uris: ['https://evil.example/'] }, token)).status,
      ).toBe(400);
      expect((await console.registry.register({ redirect_uris: ['http://localhost/'] }, token)).status).toBe(
        201,
      );
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByText('hosts localhost').waitFor();
      await page.getByRole('button', { name: 'Revoke fleet' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByText('Revoked').waitFor();
      expect((await console.registry.register({}, token)).status).toBe(401);
    });

    it('end the session that one of them began', async () => {
      const { apiKey } = await console.registry.createKey({ name: 'mine', role: 'admin' });
      const page = await console.open('/keys');
      await signIn(page, apiKey);
      await page.getByRole('button', { name: 'Revoke mine' }).click();
      await page.getByText('You signed in with this key').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
    });
  });

  it('The audit log is filtered by its URL, and shows the changes', async () => {
    const id = await console.aClient({ name: 'Before' });
    await console.registry.send(`/v2/oauth/clients/${id}`, {
      method: 'PUT',
      key: console.registry.adminKey,
      body: { name: 'After' },
    });
    const page = await console.openSignedIn(`/audit?clientId=${id}`);
    const created = page.getByRole('listitem').filter({ hasText: 'Client created' });
    await created.waitFor();
    await page.getByRole('combobox', { name: 'Action' }).selectOption('CLIENT_UPDATED');
    await created.waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('action')).toBe('CLIENT_UPDATED');
    await page.locator('summary').click();
    expect(await page.locator('del').innerText()).toBe('Before');
    expect(await page.locator('ins').innerText()).toBe('After');
    await page.getByRole('combobox', { name: 'Channel' }).selectOption('CLI');
    await page.getByText('No events match').waitFor();
  });
}, 'sqlite');
