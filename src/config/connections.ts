/** How many connections a process holds: of whoever, of clients that are not known yet, and of known callers. */
import type { Environment } from './environment.js';
import { integer } from './environment.js';

export interface ConnectionLimits {
  /** Over TCP. Further ones are closed before anything is read. */
  readonly connections: number;
  /** WebSockets that are not acknowledged yet. */
  readonly unknownSockets: number;
  /** WebSockets and event streams of known callers. */
  readonly sessions: number;
  readonly sessionsPerTenant: number;
}

export function readConnectionLimits(env: Environment): ConnectionLimits {
  return {
    connections: integer(env, 'MAX_CONNECTIONS', 10_000, 1, 1_000_000),
    unknownSockets: integer(env, 'MAX_UNKNOWN_SOCKETS', 1_000, 1, 1_000_000),
    sessions: integer(env, 'MAX_SESSIONS', 4_000, 2, 1_000_000),
    sessionsPerTenant: integer(env, 'MAX_TENANT_SESSIONS', 1_000, 1, 1_000_000),
  };
}
