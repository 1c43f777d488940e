import { connect, type Socket } from 'node:net';
import type { HttpLimits } from '../../../src/http/limits/limit-values.js';
import { Registry } from '../registry.js';

export const GET = 'GET /health/live HTTP/1.1\r\nHost: x\r\n';
export const POST = 'POST /v2/oauth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

export const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A connection, what came on it so far, and how long it took until it was closed. */
export class Connection {
  received = '';
  /** When the first byte came (`performance.now()`). */
  receivedAtMs = Infinity;
  readonly closed: Promise<number>;
  private readonly socket: Socket;

  constructor(url: string, localAddress?: string) {
    const begin = performance.now();
    this.socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', localAddress });
    this.socket.on('data', (data) => {
      if (this.received === '') this.receivedAtMs = performance.now();
      this.received += data.toString('latin1');
    });
    this.socket.on('error', () => undefined);
    this.closed = new Promise((done) => this.socket.once('close', () => done(performance.now() - begin)));
  }

  /** @param from another address of this machine */
  static async open(url: string, from?: string): Promise<Connection> {
    const connection = new Connection(url, from);
    await new Promise((done) => connection.socket.once('connect', done));
    return connection;
  }

  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  get statuses(): string[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status!);
  }

  send(text: string): void {
    this.socket.write(text);
  }

  async answered(count = 1): Promise<void> {
    for (let tries = 0; this.statuses.length < count && this.isOpen && tries < 200; tries++) await pause(10);
  }

  /** Whether what comes is read. */
  read(isRead: boolean): void {
    if (isRead) this.socket.resume();
    else this.socket.pause();
  }

  end(): void {
    this.socket.destroy();
  }
}

/** Connections to a registry that each test starts with its own limits; both are closed after it. */
export function connectionsPerTest() {
  let registry: Registry;
  let connections: Connection[];
  const start = async (limits: Partial<HttpLimits> = {}, env: Record<string, string> = {}) =>
    (registry = await Registry.start('sqlite', env, limits));
  const open = async (from?: string) => {
    const connection = await Connection.open(registry.url, from);
    connections.push(connection);
    return connection;
  };
  beforeEach(() => {
    connections = [];
  });
  afterEach(async () => {
    for (const connection of connections) connection.end();
    await registry.stop();
  });
  const isWell = async () =>
    expect((await registry.send('/health/live', { method: 'GET' })).status).toBe(200);
  return { start, open, isWell };
}
