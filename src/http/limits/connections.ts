import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpLimits } from './limit-values.js';

/**
 * The open connections, and which are idle: nothing is done for a request, or its body has not arrived. If there are too many, the one
 * that has been idle for longest is closed: of the same address if it has too many by itself, else of all.
 */
export class Connections {
  /** All connections, each with the caller that it counts for; null: a proxy's, which has many callers. */
  private readonly open = new Map<Socket, string | null>();
  private readonly counts = new Map<string, number>();
  /** The one that has been idle for longest first. */
  private readonly idle = new Set<Socket>();

  /** @param callerOf the caller that connections from an address count for; null: a proxy, which has many callers */
  constructor(
    private readonly limits: HttpLimits,
    private readonly callerOf: (address: string) => string | null,
  ) {}

  track(server: Server): void {
    server.on('connection', (socket: Socket) => {
      this.add(socket);
      socket.once('close', () => this.forget(socket));
    });
  }

  [Symbol.iterator](): Iterator<Socket> {
    return this.open.keys();
  }

  /** Something is done for a request on it. */
  occupy(socket: Socket): void {
    this.idle.delete(socket);
  }

  /** Nothing is done on it any more. */
  rest(socket: Socket): void {
    if (this.open.has(socket)) this.idle.add(socket);
  }

  private add(socket: Socket): void {
    const key = this.callerOf(socket.remoteAddress ?? '');
    const count = key === null ? 0 : (this.counts.get(key) ?? 0) + 1;
    const { maxConnections, reservedConnections, maxConnectionsPerAddress } = this.limits;
    if (count > maxConnectionsPerAddress) this.closeIdle(key);
    else if (this.open.size >= maxConnections) this.closeIdle(null);
    // Where all others are at work, too
    if (this.open.size >= maxConnections + reservedConnections) {
      socket.destroy();
      return;
    }
    this.open.set(socket, key);
    if (key !== null) this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    this.idle.add(socket);
  }

  /** @param key whose; null: anyone's */
  private closeIdle(key: string | null): void {
    for (const socket of this.idle) {
      if (key !== null && this.open.get(socket) !== key) continue;
      this.forget(socket);
      socket.destroy();
      return;
    }
  }

  private forget(socket: Socket): void {
    const key = this.open.get(socket);
    this.open.delete(socket);
    this.idle.delete(socket);
    if (!key) return;
    const left = this.counts.get(key)! - 1;
    if (left === 0) this.counts.delete(key);
    else this.counts.set(key, left);
  }
}
