import { spawnSync } from 'node:child_process';
import { type Browser, chromium, type Page } from 'playwright-core';
import { SYSTEM } from '../../../src/audit/audit-event.js';
import { ClientsRepository } from '../../../src/clients/registry/clients.repository.js';
import { issueClient } from '../../../src/clients/client/issue-client.js';
import { applyDefaults } from '../../../src/policy/defaults.js';
import { type Engine, onEachEngine } from '../databases.js';
import { PathProxy } from '../network/path-proxy.js';
import { aClient, Registry } from '../registry.js';

const { CHROMIUM_PATH } = process.env;
/** The headless shell takes half the time of the whole browser. */
const BROWSERS = CHROMIUM_PATH ? [CHROMIUM_PATH] : ['chromium-headless-shell', 'chromium'];
/** The first there is; empty if there is none. */
const [CHROMIUM] = spawnSync('which', BROWSERS, { encoding: 'utf8' }).stdout.split('\n');
/** Turns off requests that the browser makes by itself. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A host that is not this machine, as far as the browser knows
  '--host-resolver-rules=MAP registry.example 127.0.0.1',
];
/** What is said of a request that failed, and of a header that means nothing over http. */
const HARMLESS = /^(?:Failed to load resource|The Cross-Origin-Opener-Policy header has been ignored)/;
/** Clients of a registry of some size. */
const SEEDED = 10_000;
/** Fewer than the registry lets wait. */
const SEEDED_AT_ONCE = 1_000;

/**
 * Runs the tests on both engines; skips them, and says so, where there is no browser.
 * @param engine the one engine that is enough for tests of what pages look like and how they are operated: each operation that the
 *   console sends is tested on both by `console-graphql.test.ts` and `console-counts.test.ts`. Either engine has half of these tests.
 */
export function inBrowser(tests: (engine: Engine) => void, engine?: Engine): void {
  if (CHROMIUM && engine) describe(`on ${engine}`, () => tests(engine));
  else if (CHROMIUM) onEachEngine(tests);
  else it.skip('SKIPPED, no Chromium: put chromium on the PATH or set CHROMIUM_PATH', () => undefined);
}

/** For tests of other pages than those of the console. */
export const launchBrowser = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/** What tests ask of an element inside of the page; the types of the DOM are not part of those of Node.js. */
export interface PageElement {
  scrollWidth: number;
  clientWidth: number;
  textContent: string;
  ownerDocument: { elementFromPoint(x: number, y: number): PageElement | null };
  contains(other: PageElement | null): boolean;
  getBoundingClientRect(): { x: number; y: number; width: number; height: number };
}

interface ConsoleOptions {
  isSeeded?: boolean;
  /** Of the registry. */
  env?: Record<string, string>;
  /** The path below which a proxy serves the registry. */
  below?: string;
}

type PageOptions = NonNullable<Parameters<Browser['newPage']>[0]> & { url?: string; cookie?: string };

/** A registry with its console, and a browser. */
export class Console {
  registry!: Registry;
  /** Where browsers reach it. */
  url!: string;
  private browser!: Browser;
  private pages: Page[] = [];
  /** Policies that were broken, errors of scripts, requests to other hosts. Failed requests are a test's own business. */
  private faults: string[] = [];

  /** Starts both before the tests of a block, ends them afterwards, and lets no page do what no page should. */
  static forEachTest(engine: Engine, { isSeeded = false, env, below }: ConsoleOptions = {}): Console {
    const console = new Console();
    let proxy: PathProxy | undefined;
    beforeAll(async () => {
      if (below !== undefined) proxy = await PathProxy.start(below);
      console.registry = await Registry.start(engine, { ...(proxy && { PUBLIC_URL: proxy.url }), ...env });
      proxy?.leadTo(console.registry.url);
      console.url = proxy?.url ?? console.registry.url;
      if (isSeeded) await seedClients(console.registry);
      console.browser = await launchBrowser();
    });
    afterEach(async () => {
      await Promise.all(console.pages.splice(0).map((page) => page.close()));
      expect(console.faults.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await console.browser.close();
      await proxy?.stop();
      await console.registry.stop();
    });
    return console;
  }

  /**
   * A window of its own, signed out.
   * @param options with `url` if the way to the registry is another one, and a cookie
   */
  async open(path?: string, options: PageOptions = {}): Promise<Page> {
    return this.openAt(`/admin${path ?? '/'}`, options);
  }

  /** The same for pages other than the console. */
  async openAt(path: string, { url = this.url, cookie, ...options }: PageOptions = {}): Promise<Page> {
    const page = await this.browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
    this.pages.push(page);
    page.setDefaultTimeout(40_000);
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('console', (message) => {
      const isHarmless = HARMLESS.test(message.text());
      if (message.type() === 'error' && !isHarmless) this.faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !/^(?:data|blob):/.test(request.url())) {
        this.faults.push(`asks ${request.url()}`);
      }
    });
    if (cookie !== undefined) {
      const [name, value] = cookie.split('=', 2) as [string, string];
      await page.context().addCookies([{ name, value, url, httpOnly: true, sameSite: 'Strict' }]);
    }
    await page.goto(`${url}${path}`);
    return page;
  }

  /** The same of an admin, on a page; signed in past the form, which takes a second. */
  async openSignedIn(path = '/', options: PageOptions = {}): Promise<Page> {
    const { url, adminKey } = this.registry;
    const { headers } = await this.registry.send('/admin/session', {
      headers: { origin: url },
      body: { api_key: adminKey },
    });
    const [cookie] = headers.getSetCookie()[0]!.split(';');
    const page = await this.open(path, { ...options, cookie });
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
    return page;
  }

  /** Makes a client by the API; its id. */
  async aClient(overrides: object = {}): Promise<string> {
    const { body } = await this.registry.createClient(aClient(overrides));
    return body.data.client_id as string;
  }

  /** What operators see of a client and customers do not. */
  async standing(id: string) {
    const { body } = await this.registry.graphql(
      `{ oauthClient(clientId: "${id}") { status verified deletedAt version } }`,
    );
    return body.data.oauthClient as unknown;
  }

  /** What the service says of a client now. */
  async client(id: string) {
    const { body } = await this.registry.send(`/v2/oauth/clients/${id}`, {
      method: 'GET',
      key: this.registry.adminKey,
    });
    return body.data;
  }
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').first().fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Fills the registry with clients, as the API would, without HTTP. */
async function seedClients(registry: Registry): Promise<void> {
  const repository = registry.app.get(ClientsRepository, { strict: false });
  const profile = (name: string) =>
    applyDefaults({ name, type: 'public', grantTypes: ['client_credentials'] });
  const owner = { orgId: 'seeded', userId: 'seeder', source: 'api', initialAccessTokenId: null } as const;
  for (let first = 0; first < SEEDED; first += SEEDED_AT_ONCE) {
    const names = Array.from({ length: SEEDED_AT_ONCE }, (_, i) => `Seeded ${first + i}`);
    await Promise.all(names.map((name) => repository.insert(issueClient(profile(name), owner), SYSTEM)));
  }
}
