/** Waits for work that takes a while, and tells the client how far it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';

const POLL_MS = 500;

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

interface InProgress {
  readonly status: string;
  readonly progress: { readonly fraction: number };
}

/** The state when the work has ended, or after so many seconds. */
export async function whenEnded<T extends InProgress>(
  state: () => Promise<T>,
  seconds: number,
  { signal, sendNotification, _meta }: Extra,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let told = -1;
  for (;;) {
    const found = await state();
    const { fraction } = found.progress;
    const progressToken = _meta?.progressToken;
    if (progressToken !== undefined && fraction > told) {
      told = fraction;
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress: fraction, total: 1 },
      });
    }
    if ((found.status !== 'QUEUED' && found.status !== 'RUNNING') || Date.now() >= end) return found;
    await sleep(Math.min(POLL_MS, Math.max(0, end - Date.now())), undefined, { signal });
  }
}
