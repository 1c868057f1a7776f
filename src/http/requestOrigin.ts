/** The origin under which the caller reaches us, for the URLs that we give out. */
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.js';

/** PUBLIC_URL where it is set, which it must be behind a proxy; else what the caller itself used. */
export function requestOrigin({ headers, socket }: IncomingMessage, config: Config): string {
  if (config.publicUrl !== undefined) return config.publicUrl;
  const origin = `http://${headers.host ?? ''}`;
  if (URL.canParse(origin)) return origin;
  return `http://${hostForUrl(config.host)}:${String(socket.localPort ?? config.port)}`;
}

export function hostForUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
