/**
 * Turns hundreds of steps per second into a bounded number of progress events per generation: an event is written when enough time has
 * passed and enough steps were made since the last one.
 */
import { firstSampleSeconds, secondsSince } from '../../observability/metrics.js';
import { ClaimLostError } from '../../queue/lease.js';
import type { ClaimedGeneration } from './claimGeneration.js';
import { MAX_PREVIEWS } from '../events/generationEvents.js';
import { updateClaimed } from './claimGeneration.js';
import type { Preview } from '../../storage/jsonColumns.js';

const INTERVAL_MS = 250;
/** The bound of progress events per attempt at a generation. */
const MAX_EVENTS = 200;

export interface ProgressReporter {
  /** Sample `id` finished `step` of its `of` steps: the steps of a twin count, and a denoising strength leaves steps out. */
  onStep(id: string, step: number, of: number): void;
  /** The newest of each sample is sent with the next event. @param index of the sample */
  onPreview(id: string, index: number, image: Uint8Array): void;
  /** A rejected draw does not count as progress. */
  onSampleDrawn(id: string, kept: boolean): void;
  onSampleStored(): void;
  /** After this resolves, no event is written. */
  close(): Promise<void>;
}

export function createProgressReporter(
  { scope, row, owner }: ClaimedGeneration,
  alreadyStored: number,
): ProgressReporter {
  const { steps } = row.settings;
  const active = new Map<string, number>();
  const previews = new Map<string, Preview>();
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
    const news = previews.size === 0 ? {} : { previews: [...previews.values()] };
    previews.clear();
    const payload = { type: 'GenerationProgressed', ...figures, ...news } as const;
    writing = writing
      .then(() => updateClaimed(scope, owner, row.id, { stepsDone }, [payload]))
      .catch((error: unknown) => {
        // A lost claim is noticed by the writes that matter. A progress event is not worth a failure.
        if (!(error instanceof ClaimLostError)) closed = true;
      });
  }

  return {
    onStep(id, step, of) {
      active.set(id, Math.floor((steps * step) / of));
      report();
    },
    onPreview(id, index, image) {
      if (active.has(id) && (previews.has(id) || previews.size < MAX_PREVIEWS))
        previews.set(id, { index, webp: Buffer.from(image).toString('base64') });
    },
    onSampleDrawn(id, kept) {
      active.delete(id);
      previews.delete(id);
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
