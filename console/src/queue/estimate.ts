/** Where a generation stands, and how long it still takes: from what the tenant's list says. */
import type { Row, Unfinished } from './repeat.ts';

/** A smaller part says too little of the rest. */
const LEAST_FRACTION = 0.02;

/** About how many seconds a running generation still takes, if it goes on as fast as until now. */
export function secondsLeft({ status, startedAt, progress: { fraction } }: Row, now: number): number | undefined {
  if (status !== 'RUNNING' || startedAt === null || fraction < LEAST_FRACTION) return undefined;
  const elapsed = now - Date.parse(startedAt);
  return elapsed <= 0 ? undefined : Math.ceil((elapsed * (1 - fraction)) / fraction / 1000);
}

/** How many of the tenant's unfinished generations come before one that is queued. */
export function countAhead({ id, status, createdAt, request: { priority } }: Row, all: readonly Unfinished[]) {
  if (status !== 'QUEUED') return undefined;
  return all.filter((other) => {
    if (other.id === id) return false;
    if (other.status === 'RUNNING') return true;
    if (other.status !== 'QUEUED') return false;
    return other.request.priority > priority || (other.request.priority === priority && other.createdAt < createdAt);
  }).length;
}
