import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { RequestsUnderWay } from './requests-under-way.js';

/** The open connections, the one whose last request came longest ago first. */
export type Connections = Set<Socket>;

export function trackConnections({ server }: FastifyInstance): Connections {
  const connections: Connections = new Set();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage) => {
    // Not one that was closed meanwhile
    if (connections.delete(socket)) connections.add(socket);
  });
  return connections;
}

/** The connections on which no request is under way, in the order of `connections`. */
export function* idleOf(connections: Connections, underWay: RequestsUnderWay): Generator<Socket> {
  const busy = new Set([...underWay].map(({ reply }) => reply.raw.socket));
  for (const socket of connections) if (!busy.has(socket)) yield socket;
}

/**
 * Keeps a flood of connections from using up memory and file descriptors, and from keeping others out: where there are too many,
 * the one that has been idle for longest is closed. That is the new one where all others are at work.
 */
export function limitConnections(
  { server }: FastifyInstance,
  connections: Connections,
  underWay: RequestsUnderWay,
  max: number,
): void {
  server.on('connection', () => {
    if (connections.size <= max) return;
    for (const idle of idleOf(connections, underWay)) {
      connections.delete(idle);
      idle.destroy();
      return;
    }
  });
}
