import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A reverse proxy that serves the registry below a path, which it takes off: what `proxy_pass http://registry/;` makes of nginx. */
export class PathProxy {
  private target: string | undefined;

  private constructor(
    private readonly server: Server,
    /** Where browsers reach the registry. */
    readonly url: string,
  ) {}

  static async start(path: string): Promise<PathProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const proxy = new PathProxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    server.on('request', (incoming, outgoing) => {
      const { url = '/', method, headers } = incoming;
      if (!url.startsWith(`${path}/`)) {
        outgoing.writeHead(404).end('Something else is served here.');
        return;
      }
      const upstream = request(
        `${proxy.target}${url.slice(path.length)}`,
        { method, headers: { ...headers, connection: 'close' } },
        (reply) => {
          outgoing.writeHead(reply.statusCode!, reply.headers);
          reply.pipe(outgoing);
        },
      );
      upstream.on('error', () => outgoing.destroy());
      incoming.pipe(upstream);
    });
    return proxy;
  }

  /** @param target the URL of the registry, which has to know the URL of this first */
  leadTo(target: string): void {
    this.target = target;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
