import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

/**
 * Takes pictures of the console's main pages, as the README shows them: `npm run console:screenshots`. It needs Chromium:
 * CHROMIUM_PATH, or `chromium-headless-shell` or `chromium` on the PATH.
 */
const ROOT = join(import.meta.dirname, '..');
const PICTURES = join(ROOT, 'docs/console');
const KEY = 'screenshots-need-some-admin-key-of-their-own';
const SIZE = { width: 1280, height: 800 };
/** The service writes its counts every few seconds. */
const COUNTED_MS = 6_000;
const NAMES = ['Billing', 'Invoices', 'Payroll', 'Reports', 'Support desk', 'Warehouse'];

const directory = await mkdtemp(join(tmpdir(), 'registry-screenshots-'));
const service = spawn(process.execPath, [join(ROOT, 'dist/main.js')], {
  cwd: directory,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    PORT: '0',
    BOOTSTRAP_API_KEY: KEY,
    DATABASE_URL: `sqlite:${join(directory, 'registry.sqlite')}`,
    RATE_LIMIT_REGISTER: 'off',
    AUTHORIZATION_SERVER: 'on',
    PUBLIC_URL: 'http://localhost',
    AUTHORIZATION_RESOURCES: 'https://invoices.example/mcp https://orders.example=jwt',
  },
});

try {
  const url = await listening();
  const clientId = await fillRegistry(url);
  await takePictures(url, clientId);
} finally {
  service.kill('SIGINT');
  await once(service, 'exit');
  await rm(directory, { recursive: true, force: true });
}

/** @returns {Promise<string>} where the service listens */
async function listening() {
  for await (const line of createInterface({ input: service.stdout })) {
    const [, url] = /Listening on (http:\/\/[\d.:]+)/.exec(line) ?? [];
    if (url) {
      service.stdout.resume();
      return url;
    }
  }
  throw new Error('The service does not start');
}

/** Fills the registry with sample clients; returns the id of one with many fields. */
async function fillRegistry(url) {
  const post = async (path, body, headers = { authorization: `Bearer ${KEY}` }) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  for (const [i, name] of [...NAMES, ...NAMES, ...NAMES].entries()) {
    const { data: client } = await post('/v2/oauth/clients', {
      name: i < NAMES.length ? name : `${name} ${Math.floor(i / NAMES.length) + 1}`,
      client_type: i % 3 === 0 ? 'public' : 'confidential',
      allowed_scopes: ['invoices:read'],
      allowed_grant_types: ['client_credentials'],
    });
    if (client.client_type === 'confidential') await post('/v2/oauth/token', credentialsOf(client), {});
  }
  for (let i = 1; i <= 12; i++) {
    await post(
      '/v2/oauth/register',
      {
        client_name: `Desk agent ${i}`,
        redirect_uris: ['http://localhost:8080/callback'],
        token_endpoint_auth_method: 'none',
      },
      {},
    );
  }
  for (let i = 0; i < 4; i++)
    await post('/v2/oauth/register', { redirect_uris: ['javascript:alert(1)'] }, {});
  const { data } = await post('/v2/oauth/clients', {
    name: 'Field service',
    client_type: 'confidential',
    allowed_scopes: ['orders:read', 'orders:write'],
    allowed_grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [
      'https://field.example/callback',
      'http://127.0.0.1:8123/callback',
      'com.example.field:/callback',
    ],
    require_pkce: true,
    policy_uri: 'https://field.example/privacy',
  });
  await post(`/v2/oauth/clients/${data.client_id}/secrets`, { expire_others_in: 86_400 });
  await new Promise((done) => setTimeout(done, COUNTED_MS));
  return data.client_id;
}

function credentialsOf({ client_id, client_secret }) {
  return { grant_type: 'client_credentials', client_id, client_secret };
}

async function takePictures(url, clientId) {
  await mkdir(PICTURES, { recursive: true });
  const [found] = spawnSync('which', ['chromium-headless-shell', 'chromium'], {
    encoding: 'utf8',
  }).stdout.split('\n');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? found,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' });
    await page.goto(`${url}/admin/`);
    await page.getByLabel('API key').first().fill(KEY);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    const pages = {
      overview: '/',
      clients: '/clients',
      client: `/clients/${clientId}`,
      create: '/clients/new',
      resources: '/resources',
      audit: '/audit',
    };
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(`${url}/admin${path}`);
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      if (name === 'create') await page.getByRole('textbox', { name: 'Name' }).fill('Field service');
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: join(PICTURES, `${name}.png`) });
    }
  } finally {
    await browser.close();
  }
}
