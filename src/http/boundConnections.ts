/** Bounds the connections of a server, whoever opens them. Further ones are closed before anything is read. */
import type { Server } from 'node:http';
import type { Log } from '../log.js';

const LOG_INTERVAL_MS = 60_000;

export function boundConnections(server: Server, most: number, log: Log): void {
  server.maxConnections = most;
  let quietUntil = 0;
  server.on('drop', () => {
    if (Date.now() < quietUntil) return;
    quietUntil = Date.now() + LOG_INTERVAL_MS;
    log.warn({ connections: most }, 'connections are closed at once, for there are as many as MAX_CONNECTIONS allows');
  });
}
