import { spawn, spawnSync } from 'node:child_process';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { freePort } from '../network/free-port.js';

/** Why tests with a real Redis cannot run; null if they can. */
export const NO_REDIS =
  process.env.TEST_REDIS_URL || spawnSync('redis-server', ['--version']).status === 0
    ? null
    : 'SKIPPED, no Redis: put redis-server on the PATH or set TEST_REDIS_URL';

/** A real Redis: that of TEST_REDIS_URL, or one that is started for the test and keeps nothing. */
export async function startRedis(): Promise<{ url: string; stop: () => void }> {
  if (process.env.TEST_REDIS_URL) return { url: process.env.TEST_REDIS_URL, stop: () => undefined };
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((ready, failed) => {
    server.once('error', failed);
    server.once('exit', (code) => failed(new Error(`redis-server ended with ${code}`)));
    server.stdout.on('data', (data: Buffer) => data.includes('Ready to accept connections') && ready());
  });
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.kill('SIGKILL') };
}

/** The way to a Redis, on which things can go wrong without an end of the Redis itself. */
export class Link {
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();
  private isSilent = false;
  private port = 0;

  private constructor(private readonly target: URL | null) {}

  /** @param url of the Redis; null: connections are accepted, without replies */
  static async open(url: string | null): Promise<Link> {
    const link = new Link(url === null ? null : new URL(url));
    await link.mend();
    return link;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Ends all connections and refuses new ones, as where Redis was killed. */
  async cut(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    const closed = new Promise((done) => server.close(done));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Keeps connections, accepts new ones, and lets nothing through, as where Redis hangs. */
  silence(): void {
    this.isSilent = true;
    for (const socket of this.sockets) socket.unpipe();
  }

  /** Restores the initial state. */
  async mend(): Promise<void> {
    await this.cut();
    this.isSilent = false;
    const server = createServer((socket) => this.accept(socket)).listen(this.port, '127.0.0.1');
    this.server = server;
    await new Promise((listening) => server.once('listening', listening));
    this.port = (server.address() as AddressInfo).port;
  }

  private accept(socket: Socket): void {
    this.keep(socket);
    if (this.isSilent || this.target === null) return;
    const upstream = connect(Number(this.target.port || 6379), this.target.hostname);
    this.keep(upstream);
    socket.pipe(upstream);
    upstream.pipe(socket);
    socket.once('close', () => upstream.destroy());
    upstream.once('close', () => socket.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
  }
}
