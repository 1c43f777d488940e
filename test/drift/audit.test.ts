import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let registry: Server;
let cache: string;
afterEach(() => {
  registry.close();
  rmSync(cache, { recursive: true, force: true });
});

/** Runs .ci/audit.js against a registry that answers with the advisories. */
async function audit(status: number, advisories: object): Promise<{ code: unknown; output: string }> {
  registry = createServer((request, response) => {
    const isAsked = request.url === '/-/npm/v1/security/advisories/bulk';
    response.writeHead(isAsked ? status : 404, { 'content-type': 'application/json', connection: 'close' });
    request.resume().on('end', () => response.end(JSON.stringify(isAsked ? advisories : {})));
  }).listen(0, '127.0.0.1');
  await new Promise((done) => registry.once('listening', done));
  const { port } = registry.address() as AddressInfo;
  // npm remembers what it was told
  cache = mkdtempSync(join(tmpdir(), 'registry-audit-'));
  const env = {
    ...process.env,
    npm_config_cache: cache,
    npm_config_registry: `http://127.0.0.1:${port}`,
    npm_config_fetch_retries: '0',
  };
  return new Promise((done) => {
    execFile(process.execPath, ['.ci/audit.js'], { env }, (error, stdout, stderr) =>
      done({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

const advisory = (severity: string) => [
  { id: 1, url: 'https://advisories.example/1', title: 't', severity, vulnerable_versions: '*' },
];

it('a high-severity vulnerability of a production dependency fails the audit, and is named', async () => {
  const { code, output } = await audit(200, { fastify: advisory('high') });
  expect(output).toMatch(/^high: fastify .*https:\/\/advisories\.example\/1/m);
  expect(code).toBe(1);
});

it('a lower severity or a development dependency does not fail it', async () => {
  const { code, output } = await audit(200, { fastify: advisory('moderate'), eslint: advisory('critical') });
  expect(output).toBe('0 vulnerabilities of high severity or worse in what the service runs on\n');
  expect(code).toBe(0);
});

it('an unreachable npm registry does not fail the audit, and is reported', async () => {
  const { code, output } = await audit(405, {});
  expect(output).toMatch(/^NOT AUDITED: /);
  expect(code).toBe(0);
});
