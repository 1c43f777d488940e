import { join } from 'node:path';
import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { BUILT_FILES, buildConsole } from '../../support/console/built-console.js';
import { exchange, HOST, raw as rawRequest } from '../../support/network/raw-http.js';
import { Registry } from '../../support/registry.js';

const POLICY =
  "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';font-src 'self';" +
  "frame-ancestors 'none';base-uri 'none';form-action 'self'";
/** The page at a path of the console: from there its files are found. */
const pageAt = (toRoot: string) => BUILT_FILES['index.html'].replace('"./', `"${toRoot}`);
const SCRIPT = '/admin/assets/index-3f2a.js';

/** As it comes over the wire: `fetch` unpacks what was compressed, and asks for what is new. */
async function raw(url: string, headers: Record<string, string> = {}) {
  return new Promise<{
    status: number;
    encoding: string | undefined;
    vary: string | undefined;
    body: Buffer;
  }>((done, fail) => {
    httpRequest(url, { headers }, (response) => {
      const { 'content-encoding': encoding, vary } = response.headers;
      buffer(response).then((body) => done({ status: response.statusCode!, encoding, vary, body }), fail);
    })
      .on('error', fail)
      .end();
  });
}

// On one engine: files have nothing to do with a database
describe('The console', () => {
  let built: Awaited<ReturnType<typeof buildConsole>>;
  let registry: Registry;
  const startWith = (directory: string, env: Record<string, string> = {}) =>
    Registry.start('sqlite', env, {}, undefined, directory);
  const get = (path: string, headers: Record<string, string> = {}, of = registry) =>
    of.send(path, { method: 'GET', headers });
  beforeAll(async () => {
    built = await buildConsole();
    registry = await startWith(built.directory);
  });
  afterAll(async () => {
    await registry.stop();
    await built.remove();
  });

  it.each([
    ['/admin', './admin/'],
    ['/admin/', './'],
    ['/admin/clients?first=20&order=NAME', './'],
    ['/admin/clients/01a20080-c163-717e-a4ad-7633ebbe7df6?back=/', '../'],
  ])('is one page at every path, which browsers ask for again each time: %s', async (path, toRoot) => {
    const { status, text, headers } = await get(path);
    expect({ status, text }).toEqual({ status: 200, text: pageAt(toRoot) });
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache');
    const [, source] = /src="([^"]+)"/.exec(text)!;
    expect(new URL(source!, `https://host.example/registry${path}`).pathname).toBe(`/registry${SCRIPT}`);
  });

  it.each([
    ['/%61dmin', './admin/'],
    ['/admin#/a/b', './admin/'],
    ['http://other.example/admin', './admin/'],
    ['/%61dmin/?back=/', './'],
    ['/admin/a%2Fb', './'],
    ['/admin/a#/b/c', './'],
    ['http://other.example/admin/a', './'],
  ])('is the same page however its path is spelled: %s', async (target, toRoot) => {
    for (const method of ['GET', 'HEAD']) {
      const request = rawRequest(`${method} ${target} HTTP/1.1`, HOST, 'Connection: close', '', '');
      const reply = await exchange(registry.url, request);
      expect(reply).toMatch(/^HTTP\/1\.1 200 /);
      if (method === 'GET') expect(reply).toContain(pageAt(toRoot));
    }
  });

  it('has files that are named after their content, which browsers keep', async () => {
    const { status, text, headers } = await get(SCRIPT);
    expect({ status, text }).toEqual({ status: 200, text: BUILT_FILES['assets/index-3f2a.js'] });
    expect(headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await get('/admin/favicon.svg')).headers.get('cache-control')).toBe('no-cache');
  });

  it('is served with the compression of the build', async () => {
    const script = BUILT_FILES['assets/index-3f2a.js'];
    const plain = await raw(`${registry.url}${SCRIPT}`);
    expect([plain.encoding, plain.body.toString()]).toEqual([undefined, script]);
    const brotli = await raw(`${registry.url}${SCRIPT}`, { 'accept-encoding': 'gzip, deflate, br' });
    expect([brotli.encoding, brotliDecompressSync(brotli.body).toString()]).toEqual(['br', script]);
    expect(brotli.vary).toBe('accept-encoding');
    const gzip = await raw(`${registry.url}${SCRIPT}`, { 'accept-encoding': 'gzip' });
    expect([gzip.encoding, gunzipSync(gzip.body).toString()]).toEqual(['gzip', script]);
    const uncompressed = await raw(`${registry.url}/admin/favicon.svg`, { 'accept-encoding': 'br' });
    expect([uncompressed.encoding, uncompressed.body.toString()]).toEqual([
      undefined,
      BUILT_FILES['favicon.svg'],
    ]);
  });

  it('reads at most 100 entries of Accept-Encoding and If-None-Match: each takes time', async () => {
    const plain = { 'accept-encoding': 'identity' };
    const etag = (await get(SCRIPT, plain)).headers.get('etag')!;
    const answers = [];
    for (const others of [99, 100]) {
      const { encoding } = await raw(`${registry.url}${SCRIPT}`, {
        'accept-encoding': `${'x,'.repeat(others)}gzip`,
      });
      const { status } = await raw(`${registry.url}${SCRIPT}`, {
        'if-none-match': `${'"x",'.repeat(others)}${etag}`,
      });
      answers.push([encoding, status]);
    }
    expect(answers).toEqual([
      ['gzip', 304],
      [undefined, 200],
    ]);
  });

  it('loads only its own resources, nothing inline, refuses frames, and sends no referrer', async () => {
    for (const path of ['/admin', '/admin/clients', SCRIPT]) {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy')).toBe(POLICY);
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('strict-transport-security')).toBeNull();
    }
  });

  it('answers HEAD as GET, without the content', async () => {
    const { status, text, headers } = await registry.send('/admin/clients', { method: 'HEAD' });
    expect({ status, text, policy: headers.get('content-security-policy') }).toEqual({
      status: 200,
      text: '',
      policy: POLICY,
    });
  });

  it.each(['/admin/assets/index-0000.js', '/admin/nothing.css', '/admin/assets/..%2f..%2fpackage.json'])(
    'has only its own files: %s',
    async (path) => {
      const { status, body, headers } = await get(path);
      expect([400, 404]).toContain(status);
      expect(Object.keys(body as object)).toEqual(['error', 'error_description']);
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  it('405 for methods other than GET and HEAD', async () => {
    for (const path of ['/admin', '/admin/clients']) {
      const { status, headers } = await registry.send(path, { body: {} });
      expect([status, headers.get('allow')?.split(', ').sort()]).toEqual([405, ['GET', 'HEAD']]);
    }
    const { status, headers } = await get('/admin/session');
    expect([status, headers.get('allow')?.split(', ').sort()]).toEqual([405, ['DELETE', 'POST']]);
  });

  it('ADMIN_CONSOLE=off leaves it out', async () => {
    const off = await startWith(built.directory, { ADMIN_CONSOLE: 'off' });
    for (const path of ['/admin', '/admin/', '/admin/clients', SCRIPT]) {
      const { status, body } = await get(path, {}, off);
      expect([path, status, body.error]).toEqual([path, 404, 'not_found']);
    }
    await off.stop();
  });

  it('404 if it was not built; other pages work', async () => {
    const unbuilt = await startWith(join(built.directory, 'nowhere'));
    for (const path of ['/admin', '/admin/clients', SCRIPT]) {
      const { status, body } = await get(path, {}, unbuilt);
      expect([path, status, body.error]).toEqual([path, 404, 'not_found']);
    }
    expect((await unbuilt.graphql('{ viewer { role } }')).status).toBe(200);
    await unbuilt.stop();
  });
});
