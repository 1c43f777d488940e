import { authorizationOf, CALLBACK } from '../../support/authorization.js';
import { Console, inBrowser } from '../../support/console/browser.js';

inBrowser((engine) => {
  const console = Console.forEachTest(engine, {
    env: {
      AUTHORIZATION_RESOURCES: 'https://configured.example',
      SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters',
    },
  });
  const { register, aCode, introspect } = authorizationOf(() => console.registry);

  const resources = async () => {
    const { body } = await console.registry.graphql(
      '{ oauthResources { identifier name tokenFormat accessTokenLifetimeSeconds scopes { name title description restricted } } }',
    );
    return body.data.oauthResources as unknown[];
  };

  it('A resource is created with its scopes, edited and deleted; a configured one cannot be changed', async () => {
    const page = await console.openSignedIn('/resources');
    expect(await page.title()).toMatch(/^Resources · /);
    await page
      .getByRole('row')
      .filter({ hasText: 'https://configured.example' })
      .getByText('Configured', { exact: true })
      .waitFor();
    await page.getByRole('button', { name: 'New resource' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Invoices');
    await dialog.getByRole('textbox', { name: 'Identifier' }).fill('no URI');
    await dialog.getByRole('button', { name: 'Add a scope' }).click();
    await dialog.getByRole('textbox', { name: 'Scope token' }).fill('invoices:read');
    await dialog.getByRole('textbox', { name: 'Title for users' }).fill('Read invoices');
    await dialog.getByLabel('Restricted to verified clients').check();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByRole('alert').waitFor();
    const identifier = dialog.getByRole('textbox', { name: 'Identifier' });
    expect(await identifier.getAttribute('aria-invalid')).toBe('true');
    await identifier.fill('https://invoices.example/');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.waitFor({ state: 'detached' });
    const scope = { name: 'invoices:read', title: 'Read invoices', description: null, restricted: true };
    const created = {
      identifier: 'https://invoices.example',
      name: 'Invoices',
      tokenFormat: 'OPAQUE',
      accessTokenLifetimeSeconds: 3600,
      scopes: [scope],
    };
    expect((await resources())[1]).toEqual(created);

    await page.getByRole('button', { name: 'Edit Invoices' }).click();
    await dialog.getByLabel('Token format').selectOption('JWT');
    await dialog.getByLabel('Access token lifetime in seconds').fill('600');
    await dialog.getByRole('button', { name: 'Remove scope 1' }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await resources())[1]).toEqual({
      ...created,
      tokenFormat: 'JWT',
      accessTokenLifetimeSeconds: 600,
      scopes: [],
    });

    await page.getByRole('button', { name: 'Delete Invoices' }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete Invoices' }).waitFor({ state: 'detached' });
    expect(await resources()).toHaveLength(1);
  });

  it('The signing keys are listed and rotated, once a day unless one has leaked', async () => {
    const page = await console.openSignedIn('/resources');
    await page.getByText('No key yet').waitFor();
    const rotate = async (hasLeaked: boolean) => {
      await page.getByRole('button', { name: 'Rotate the keys' }).click();
      if (hasLeaked) await page.getByLabel('A private key leaked').check();
      await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    };
    const statuses = async () => {
      const { body } = await console.registry.graphql('{ signingKeys { status } }');
      return (body.data.signingKeys as { status: string }[]).map(({ status }) => status);
    };
    await rotate(false);
    await page.getByRole('cell', { name: 'Current', exact: true }).waitFor();
    await rotate(false);
    await page.getByRole('cell', { name: 'Next', exact: true }).waitFor();
    expect(await statuses()).toEqual(['NEXT', 'CURRENT']);
    await rotate(false);
    await page.getByText('The next key is announced already').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await rotate(true);
    await page.getByRole('cell', { name: 'Next', exact: true }).waitFor({ state: 'detached' });
    expect(await statuses()).toEqual(['CURRENT']);
  });

  it('The grants of a client are listed, one is revoked, and all are', async () => {
    const client = await register({ redirect_uris: [CALLBACK] });
    const page = await console.openSignedIn(`/clients/${client.id}`);
    await page.getByText('No user has allowed the client').waitFor();
    const allow = async (userId: string) => {
      const { apiKey } = await console.registry.createKey({ orgId: 'acme', userId });
      const { exchange } = await aCode(client, apiKey);
      return (await exchange()).body.access_token as string;
    };
    const tokens = [await allow('ann'), await allow('bob'), await allow('cleo')];
    const areActive = async () =>
      Promise.all(tokens.map(async (token) => (await introspect(token)).body.active as boolean));
    await page.reload();
    await page.getByRole('cell', { name: 'bob of acme', exact: true }).waitFor();
    expect(await page.getByRole('cell', { name: `read write at ${console.registry.url}` }).count()).toBe(3);
    await page.getByRole('button', { name: 'Revoke the grant of bob of acme' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('cell', { name: 'bob of acme', exact: true }).waitFor({ state: 'detached' });
    expect(await areActive()).toEqual([true, false, true]);
    await page.getByRole('button', { name: 'Revoke all grants' }).click();
    await page
      .getByRole('dialog', { name: 'Revoke all grants: 2' })
      .getByRole('button', { name: 'Revoke' })
      .click();
    await page.getByText('No user has allowed the client').waitFor();
    expect(await areActive()).toEqual([false, false, false]);
  });
}, 'postgres');
