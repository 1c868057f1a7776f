/** What an operation costs the database, read from the service's own trace (LOG_LEVEL=trace). */
import type { Server } from './server.js';

/** What the service prints comes through a pipe, a little later. */
const printed = () => new Promise((resolve) => setTimeout(resolve, 400));

/** The statements of `operation` on a server that traces; those of no request are its own, which come and go by the clock. */
export async function statementsIn(server: Server, operation: () => Promise<unknown>): Promise<string[]> {
  await printed();
  const before = server.output().length;
  await operation();
  await printed();
  const lines = server
    .output()
    .slice(before)
    .split('\n')
    .filter((line) => line.includes('"msg":"query"'));
  return lines
    .map((line) => JSON.parse(line) as { statement: string; request?: string })
    .filter(({ request }) => request !== undefined)
    .map(({ statement }) => statement)
    .filter((statement) => !/^\s*(begin|commit)|api_key|tenant_quota/.test(statement));
}
