import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a TCP server that can be broken in the ways that networks break. */
export class Proxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private isStalled = false;
  private delayMs = 0;
  private trap: { text: string; spring: (pair: readonly [Socket, Socket]) => void } | undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
    readonly port: number,
  ) {}

  static async start(target: { host: string; port: number }): Promise<Proxy> {
    const server = createServer();
    const port = await listen(server, 0);
    const proxy = new Proxy(server, target, port);
    server.on('connection', (socket: Socket) => proxy.join(socket));
    return proxy;
  }

  /** Nothing listens there any more, and what was connected is cut off. */
  async refuse(): Promise<void> {
    const closed = new Promise<void>((done) => this.server.close(() => done()));
    this.cut();
    await closed;
  }

  async accept(): Promise<void> {
    await listen(this.server, this.port);
  }

  /** Ends all connections; new ones are as welcome as before. */
  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  /** Connections stay, and nothing comes through: what a host does that is gone without a word. */
  stall(): void {
    this.isStalled = true;
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  /** What was connected meanwhile is lost, as where another host takes over. */
  unstall(): void {
    this.isStalled = false;
    this.cut();
  }

  /** Delays every chunk by this time. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** The connection on which this text is sent next stays, and nothing comes through it any more, the text included. */
  swallow(text: string): void {
    this.trap = { text, spring: (pair) => pair.forEach((socket) => socket.pause()) };
  }

  /** The connection on which this text is sent next, in either direction, is cut off instead. */
  cutAt(text: string): void {
    this.trap = { text, spring: (pair) => pair.forEach((socket) => socket.destroy()) };
  }

  async stop(): Promise<void> {
    this.cut();
    if (this.server.listening) await this.refuse();
  }

  private join(socket: Socket): void {
    const upstream = connect(this.target);
    const pair = [socket, upstream] as const;
    this.pairs.add(pair);
    for (const [from, to] of [pair, [upstream, socket] as const]) {
      from.on('data', (data: Buffer) => {
        if (this.trap !== undefined && data.includes(this.trap.text)) {
          this.trap.spring(pair);
          this.trap = undefined;
        } else this.pass(data, to);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        to.destroy();
        this.pairs.delete(pair);
      });
      if (this.isStalled) from.pause();
    }
  }

  private pass(data: Buffer, to: Socket): void {
    if (this.delayMs === 0) to.write(data);
    else setTimeout(() => to.write(data), this.delayMs);
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  return (server.address() as AddressInfo).port;
}
