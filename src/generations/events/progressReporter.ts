/**
 * Steps come hundreds a second; events of progress do not. One is written when enough time has passed and enough
 * was done since the last one, so a generation has a bounded number of them however large it is.
 */
import { firstSampleSeconds, secondsSince } from '../../observability/metrics.js';
import { ClaimLostError } from '../../queue/lease.js';
import type { ClaimedGeneration } from '../worker/claimGeneration.js';
import { updateClaimed } from '../worker/claimGeneration.js';

const INTERVAL_MS = 250;
/** At most this many progress events per generation, as long as it is not resumed. */
const MAX_EVENTS = 200;

export interface ProgressReporter {
  /** Sample `id` has done `step` steps of `of`, its own: a twin's count, a denoising strength leaves some out. */
  onStep(id: string, step: number, of: number): void;
  /** One that is not kept has done nothing for the generation. */
  onSampleDrawn(id: string, kept: boolean): void;
  onSampleStored(): void;
  /** No event is written after this resolves. */
  close(): Promise<void>;
}

export function createProgressReporter(
  { scope, row, owner }: ClaimedGeneration,
  alreadyStored: number,
): ProgressReporter {
  const { steps } = row.settings;
  const active = new Map<string, number>();
  const minimumSteps = Math.max(1, (row.count * steps) / MAX_EVENTS);
  let drawn = alreadyStored;
  let stored = alreadyStored;
  let reported = alreadyStored * steps;
  let lastAt = 0;
  let closed = false;
  let writing = Promise.resolve();

  function report(): void {
    const stepsDone = drawn * steps + [...active.values()].reduce((sum, step) => sum + step, 0);
    if (closed || stepsDone - reported < minimumSteps || Date.now() - lastAt < INTERVAL_MS) return;
    reported = stepsDone;
    lastAt = Date.now();
    const figures = { samplesDone: stored, samplesTotal: row.count, stepsDone, stepsTotal: row.count * steps };
    const payload = { type: 'GenerationProgressed', ...figures } as const;
    writing = writing
      .then(() => updateClaimed(scope, owner, row.id, { stepsDone }, [payload]))
      .catch((error: unknown) => {
        // A claim that is lost is noticed where it matters; progress is not worth failing for.
        if (!(error instanceof ClaimLostError)) closed = true;
      });
  }

  return {
    onStep(id, step, of) {
      active.set(id, Math.floor((steps * step) / of));
      report();
    },
    onSampleDrawn(id, kept) {
      active.delete(id);
      if (kept) drawn += 1;
    },
    onSampleStored() {
      stored += 1;
      if (stored === 1) firstSampleSeconds.observe(secondsSince(row.createdAt));
    },
    async close() {
      closed = true;
      await writing;
    },
  };
}
