/**
 * Chooses the batch of each step. The batch is formed anew at every step (continuous batching). The scheduler has no clock and no
 * session, so a simulation can drive it. Its rules:
 *
 * - Priority: higher priorities choose first. Of the steps that pass some priority over, every sixteenth starts with the priority
 *   that was passed over for longest, so urgent work cannot starve the rest.
 * - Fairness: between fairness keys, the fair queue (fairQueue.ts) decides by the rows that were evaluated.
 * - Order: within a flow, started samples go first, then waiting samples in order of arrival (flow.ts).
 * - Batch size: a larger batch has a higher throughput, but each of its steps takes longer. While a flow that cannot fill a batch
 *   competes with others, batches have `quickRows`, so that its few samples finish soon.
 * - Fit: one bundle per step, that of the first sample. Rows that are left go to the next sample that fits. The first sample is taken
 *   even if it has more rows than the budget. Started samples hold memory until they finish. If memory does not suffice for a
 *   waiting sample, no other waiting sample starts before it.
 *
 * A sample that is not chosen keeps its state and continues in a later step.
 */
import type { RowBudget } from '../../capacity.js';
import type { Level } from '../../fairQueue.js';
import { createFairQueue } from '../../fairQueue.js';
import type { Flow, QueueItem } from '../../flow.js';
import { firstWaiting, flowSize } from '../../flow.js';

/** One in this many of the steps that pass a priority over goes to the priority that waited longest. */
const STARVATION_GUARD_STEPS = 16;

/** A sample as the scheduler sees it. The row count of a started sample may change. */
export interface Schedulable extends QueueItem {
  /** Memory from the sample's first step until it finishes. */
  readonly bytes: number;
}

export interface BatchLimits {
  /** Rows of one evaluation of this bundle. */
  rowBudget(bundle: string): RowBudget;
  /** Total memory of the started samples. A single sample may exceed it. */
  readonly memoryBytes: number;
  /** Whether waiting samples may start now. @default true */
  canStart?(): boolean;
}

export interface BatchScheduler<T extends Schedulable> {
  add(sample: T): void;
  /** The samples of the next step, all of one bundle. Waiting samples among them have started. Empty if no sample can run. */
  selectBatch(): readonly T[];
  /** Takes a started sample out of the selection until it is resumed. It keeps its memory. */
  suspend(sample: T): void;
  /** Resumes a sample with its current rows and bytes. */
  resume(sample: T): void;
  /** Removes a sample that finished or was canceled. */
  remove(sample: T): void;
}

interface SampleState {
  phase: 'WAITING' | 'STARTED' | 'SUSPENDED';
  /** The last step that the sample took part in. */
  lastStep: number;
  /** Memory that is accounted to the sample. */
  heldBytes: number;
}

/** What is left of the batch while it is filled. */
interface OpenBatch<T> {
  readonly samples: T[];
  bundle: string | undefined;
  rowsLeft: number;
  canStart: boolean;
}

export function createBatchScheduler<T extends Schedulable>(limits: BatchLimits): BatchScheduler<T> {
  const queue = createFairQueue<T>(({ rows }) => rows);
  const states = new Map<T, SampleState>();
  /** By priority: the number of steps since a sample of the priority took part. */
  let passedOver = new Map<number, number>();
  let stepsWithPassedOver = 0;
  let step = 0;
  let startedCount = 0;
  let startedBytes = 0;

  const holdMemory = (state: SampleState, bytes: number): void => {
    startedBytes += bytes - state.heldBytes;
    state.heldBytes = bytes;
  };

  const firstFitting = (flow: Flow<T>, { rowsLeft, bundle }: OpenBatch<T>): T | undefined => {
    const fits = (shape: { readonly bundle: string; readonly rows: number }): boolean =>
      shape.rows <= rowsLeft && (bundle ?? shape.bundle) === shape.bundle;
    return (
      flow.started.find((sample) => states.get(sample)?.lastStep !== step && fits(sample)) ?? firstWaiting(flow, fits)
    );
  };

  /** Returns whether memory suffices to start the sample. */
  const start = (sample: T, state: SampleState, batch: OpenBatch<T>): boolean => {
    if (startedCount > 0 && startedBytes + sample.bytes > limits.memoryBytes) batch.canStart = false;
    if (!batch.canStart) return false;
    queue.markStarted(sample);
    state.phase = 'STARTED';
    startedCount++;
    holdMemory(state, sample.bytes);
    return true;
  };

  /** Rows of the batch that this sample opens. */
  const batchRows = ({ bundle, rows: rowsEach }: T): number => {
    const { rows, quickRows } = limits.rowBudget(bundle);
    const flows = queue.levels().flatMap((level) => [...level.flows.values()]);
    return flows.length > 1 && flows.some((flow) => flowSize(flow) * rowsEach < rows) ? quickRows : rows;
  };

  const fillFrom = ({ flows }: Level<T>, batch: OpenBatch<T>): void => {
    const candidates = new Set(flows.values());
    while (batch.rowsLeft > 0) {
      const flow = queue.leastServed(candidates);
      if (flow === undefined) return;
      const sample = firstFitting(flow, batch);
      const state = sample === undefined ? undefined : states.get(sample);
      if (sample === undefined || state === undefined || (state.phase === 'WAITING' && !start(sample, state, batch))) {
        candidates.delete(flow);
        continue;
      }
      state.lastStep = step;
      queue.charge(sample);
      batch.rowsLeft = (batch.bundle === undefined ? batchRows(sample) : batch.rowsLeft) - sample.rows;
      batch.bundle = sample.bundle;
      batch.samples.push(sample);
    }
  };

  /** The priority that chooses first out of turn in this step, if any. */
  const guardedLevel = (levels: readonly Level<T>[]): Level<T> | undefined => {
    if (stepsWithPassedOver < STARVATION_GUARD_STEPS - 1 || levels.length < 2) return undefined;
    const stepsOf = ({ priority }: Level<T>): number => passedOver.get(priority) ?? 0;
    return levels.reduce((longest, level) => (stepsOf(level) > stepsOf(longest) ? level : longest));
  };

  /** A guarded priority that could not run for want of memory goes first again in the next step. */
  const recordPassedOver = (levels: readonly Level<T>[], batch: readonly T[], guarded: Level<T> | undefined): void => {
    const served = new Set(batch.map(({ priority }) => priority));
    passedOver = new Map(
      levels.map(({ priority }) => [priority, served.has(priority) ? 0 : (passedOver.get(priority) ?? 0) + 1]),
    );
    if (guarded !== undefined && served.has(guarded.priority)) stepsWithPassedOver = 0;
    else if (levels.length > served.size) stepsWithPassedOver++;
  };

  return {
    add(sample) {
      states.set(sample, { phase: 'WAITING', lastStep: 0, heldBytes: 0 });
      queue.add(sample);
    },

    selectBatch() {
      step++;
      const levels = queue.levels();
      const guarded = guardedLevel(levels);
      const batch: OpenBatch<T> = {
        samples: [],
        bundle: undefined,
        rowsLeft: Infinity,
        canStart: limits.canStart?.() ?? true,
      };
      if (guarded !== undefined) fillFrom(guarded, batch);
      for (const level of levels) if (level !== guarded) fillFrom(level, batch);
      if (batch.samples.length > 0) recordPassedOver(levels, batch.samples, guarded);
      return batch.samples;
    },

    suspend(sample) {
      const state = states.get(sample);
      if (state?.phase !== 'STARTED') return;
      queue.remove(sample);
      state.phase = 'SUSPENDED';
    },

    resume(sample) {
      const state = states.get(sample);
      if (state?.phase !== 'SUSPENDED') return;
      state.phase = 'STARTED';
      holdMemory(state, sample.bytes);
      queue.addStarted(sample);
    },

    remove(sample) {
      const state = states.get(sample);
      if (state === undefined) return;
      states.delete(sample);
      if (state.phase !== 'WAITING') startedCount--;
      holdMemory(state, 0);
      queue.remove(sample);
    },
  };
}
