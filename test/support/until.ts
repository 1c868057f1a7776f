/** Waits for events instead of the clock. The deadline is so far away that a busy machine does not reach it. */
import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 300_000;
const EVERY_MS = 20;

type Falsy = undefined | null | false;

/** Polls `condition`; resolves to its first truthy value. */
export async function until<T>(condition: () => T | Falsy | Promise<T | Falsy>): Promise<T> {
  for (const deadline = Date.now() + DEADLINE_MS; ; await delay(EVERY_MS)) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not within ${String(DEADLINE_MS / 1000)} s: ${String(condition)}`);
  }
}
