import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Program } from '../../support/process.js';

const CONNECTIONS = 100;
/** Maximum number of requests that wait on a connection. */
const REQUESTS = 16;
const ROUNDS = 3;
const MAX_GROWTH_MB = 120;

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

// On one engine: files have nothing to do with a database
describe('Callers that request files, read nothing and disconnect', () => {
  let directory: string;
  let program: Program;
  let url: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'registry-files-'));
    program = new Program('main.js', { cwd: directory, env: { PORT: '0', LOG_LEVEL: 'silent' } });
    url = await program.says(/Listening on (http:\/\/[\d.:]+)/);
  });
  afterAll(async () => {
    await program.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const descriptors = async () => (await readdir(`/proc/${program.pid}/fd`)).length;
  const residentMb = async () =>
    Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${program.pid}/status`, 'utf8'))![1]) / 1024;
  /** Open files that are not connections. */
  const files = async () => {
    const folder = `/proc/${program.pid}/fd`;
    const links = (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => 'socket'));
    return (await Promise.all(links)).filter((link) => !link.startsWith('socket')).length;
  };

  async function ask(path: string): Promise<Socket[]> {
    const { hostname, port } = new URL(url);
    const request = `GET ${path} HTTP/1.1\r\nHost: registry.example\r\n\r\n`.repeat(REQUESTS);
    return Promise.all(
      Array.from(
        { length: CONNECTIONS },
        () =>
          new Promise<Socket>((done) => {
            const socket = connect({ host: hostname, port: Number(port) }).pause();
            socket.on('error', () => undefined);
            socket.write(request, () => done(socket));
          }),
      ),
    );
  }

  (process.platform === 'linux' ? it : it.skip)('leave no open file and no memory behind', async () => {
    const paths = [await largestOf('console/assets', '/admin/assets'), '/docs/swagger-ui-bundle.js'];
    // What is read once stays in memory
    for (const path of paths) expect((await fetch(url + path)).status).toBe(200);
    const before = { descriptors: await descriptors(), files: await files(), residentMb: await residentMb() };
    for (let round = 0; round < ROUNDS; round++) {
      for (const path of paths) {
        const sockets = await ask(path);
        expect((await fetch(`${url}/health/live`)).status).toBe(200);
        await wait(300);
        expect(await files()).toBeLessThan(before.files + 5);
        for (const socket of sockets) socket.destroy();
      }
    }
    for (let i = 0; i < 30 && (await descriptors()) > before.descriptors + 5; i++) await wait(100);
    // Apart from the connection that reads the health
    expect(await descriptors()).toBeLessThan(before.descriptors + 5);
    expect((await residentMb()) - before.residentMb).toBeLessThan(MAX_GROWTH_MB);
  });
});

/** The path of the largest file in a folder of the build. */
async function largestOf(folder: string, path: string): Promise<string> {
  const names = (await readdir(resolve('dist', folder))).filter((name) => name.endsWith('.js'));
  const sizes = await Promise.all(
    names.map(async (name) => ({ name, size: (await stat(resolve('dist', folder, name))).size })),
  );
  return `${path}/${sizes.sort((a, b) => b.size - a.size)[0]!.name}`;
}
