import { readFileSync } from 'node:fs';
import type { HttpLimits } from './limit-values.js';

/** For everything but connections of callers: database, log, files, metrics, Redis, key sets. */
const RESERVED_FILES = 100;
/** With fewer, not even health checks would get through. */
const MIN_CONNECTIONS = 20;

/** How many files this process may open (`ulimit -n`). Infinity if the system does not report it; Linux does. */
export function maxOpenFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    // "unlimited" is none
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}

/**
 * Lowers the limits of connections to the files that may be open, and keeps their proportions. If the system has no descriptor left, it
 * closes connections that come, and the database cannot open its files.
 */
export function fitOpenFiles(limits: HttpLimits, openFiles: number): HttpLimits {
  const { maxConnections, reservedConnections, maxConnectionsPerAddress } = limits;
  const wanted = maxConnections + reservedConnections;
  const possible = Math.max(openFiles - RESERVED_FILES, MIN_CONNECTIONS);
  if (possible >= wanted) return limits;
  const reserved = Math.min(reservedConnections, Math.ceil(possible / 4));
  return {
    ...limits,
    maxConnections: possible - reserved,
    reservedConnections: reserved,
    maxConnectionsPerAddress: Math.min(maxConnectionsPerAddress, Math.ceil(possible / 2)),
  };
}
