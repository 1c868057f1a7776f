/**
 * A health check for images without curl: `node dist/deploy/healthcheck.js /readyz` fails unless the local service
 * answers 2xx.
 */
import { readConfig } from '../config.js';

const ANSWER_MS = 4_000;
const ANY = ['0.0.0.0', '::'];

async function main(path: string): Promise<void> {
  const { host, port } = readConfig(process.env);
  const name = ANY.includes(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const response = await fetch(`http://${name}:${String(port)}${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
  process.stdout.write(`${await response.text()}\n`);
  process.exitCode = response.ok ? 0 : 1;
}

main(process.argv[2] ?? '/readyz').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
