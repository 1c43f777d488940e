import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The server of a client's `jwks_uri`: any listener, or JSON. */
export class KeyServer {
  requests = 0;

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async start(answer: RequestListener | (() => object)): Promise<KeyServer> {
    const server = createServer((request, response) => {
      keyServer.requests++;
      if (answer.length > 0) return void answer(request, response);
      response.setHeader('content-type', 'application/json').end(JSON.stringify((answer as () => object)()));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const keyServer = new KeyServer(`http://127.0.0.1:${port}/jwks.json`, server);
    return keyServer;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
