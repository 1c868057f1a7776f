/**
 * Steps come hundreds a second; events of progress do not. One is written when enough time has passed and enough
 * was done since the last one, so a generation has a bounded number of them however large it is.
 */
import { firstSampleSeconds, secondsSince } from '../observability/instruments.js';
import type { GenerationRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { ClaimLost, change } from './queue.js';

const INTERVAL_MS = 250;
/** At most this many progress events per generation, as long as it is not resumed. */
const PARTS = 200;

export interface Progress {
  /** Sample `id` has done `step` steps of `of`, its own: a twin's count, a freedom leaves some out. */
  step(id: string, step: number, of: number): void;
  /** One that is not kept has done nothing for the generation. */
  sampleDrawn(id: string, kept: boolean): void;
  sampleStored(): void;
  /** No event is written after this resolves. */
  close(): Promise<void>;
}

interface Claimed {
  readonly scope: TenantScope;
  readonly row: GenerationRow;
  readonly owner: string;
}

export function createProgress({ scope, row, owner }: Claimed, alreadyStored: number): Progress {
  const { steps } = row.settings;
  const active = new Map<string, number>();
  const grain = Math.max(1, (row.count * steps) / PARTS);
  let drawn = alreadyStored;
  let stored = alreadyStored;
  let told = alreadyStored * steps;
  let lastAt = 0;
  let closed = false;
  let writing = Promise.resolve();

  function tell(): void {
    const stepsDone = drawn * steps + [...active.values()].reduce((sum, step) => sum + step, 0);
    if (closed || stepsDone - told < grain || Date.now() - lastAt < INTERVAL_MS) return;
    told = stepsDone;
    lastAt = Date.now();
    const figures = { samplesDone: stored, samplesTotal: row.count, stepsDone, stepsTotal: row.count * steps };
    const payload = { type: 'GenerationProgressed', ...figures } as const;
    writing = writing
      .then(() => change(scope, owner, row.id, { stepsDone }, [payload]))
      .catch((error: unknown) => {
        // A claim that is lost is noticed where it matters; progress is not worth failing for.
        if (!(error instanceof ClaimLost)) closed = true;
      });
  }

  return {
    step(id, step, of) {
      active.set(id, Math.floor((steps * step) / of));
      tell();
    },
    sampleDrawn(id, kept) {
      active.delete(id);
      if (kept) drawn += 1;
    },
    sampleStored() {
      stored += 1;
      if (stored === 1) firstSampleSeconds.observe(secondsSince(row.createdAt));
    },
    async close() {
      closed = true;
      await writing;
    },
  };
}
