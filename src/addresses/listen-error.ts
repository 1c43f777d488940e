/** Why a server cannot listen, in one line that says what to change. */
export function listenFault(
  { host, port }: { host: string; port: number },
  variables: { host: string; port: string },
  error: NodeJS.ErrnoException,
): string {
  const reasons: Partial<Record<string, string>> = {
    EADDRINUSE: `port ${port} on ${host} is taken; stop the other program or set ${variables.port}`,
    EACCES: `port ${port} on ${host} may not be used by this user; set ${variables.port} to 1024 or above`,
    EADDRNOTAVAIL: `${host} is not an address of this machine; set ${variables.host}`,
    ENOTFOUND: `${host} is not a known host name; set ${variables.host}`,
  };
  return `Cannot listen: ${reasons[error.code ?? ''] ?? error.message}`;
}
