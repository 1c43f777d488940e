import { connect } from 'node:net';

const TIMEOUT_MS = 5_000;

/**
 * Everything that comes back for `bytes`, which may be no HTTP, until the server closes the connection.
 * @param thenHangUp whether the sender ends its half of the connection; else it keeps it open
 */
export function exchange(
  url: string,
  bytes: string,
  { thenHangUp } = { thenHangUp: false },
): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let received = '';
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy();
      reject(new Error(`the server neither answered nor hung up; it sent ${JSON.stringify(received)}`));
    });
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => (received += part));
    // The rest of what was sent may be refused after the answer is there
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(received));
    socket.on('connect', () => {
      if (thenHangUp) socket.end(bytes, 'latin1');
      else socket.write(bytes, 'latin1');
    });
  });
}
