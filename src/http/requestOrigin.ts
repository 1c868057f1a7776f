/** The origin in URLs that the service gives out. */
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.js';

/** PUBLIC_URL if it is set, as it must be behind a proxy; otherwise the origin that the caller used. */
export function requestOrigin({ headers, socket }: IncomingMessage, config: Config): string {
  if (config.publicUrl !== undefined) return config.publicUrl;
  const origin = `http://${headers.host ?? ''}`;
  if (URL.canParse(origin)) return origin;
  return `http://${hostForUrl(config.host)}:${String(socket.localPort ?? config.port)}`;
}

export function hostForUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
