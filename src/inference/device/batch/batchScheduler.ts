/**
 * Who takes the next step together, decided anew at every step. It knows no clock and no session, so a simulation can drive it.
 *
 *   priority  The higher goes first, but of the steps in which some priority is passed over, every sixteenth begins with the one
 *             that has been passed over for longest: urgent work cannot keep the rest out for ever.
 *   share     Within a priority, start-time fair queueing (Goyal, Vin & Cheng 1996) on the rows that were evaluated: next is the
 *             share that was served least. One that comes back from idleness starts at the present virtual time: idleness
 *             earns nothing and costs nothing.
 *   order     Within a share: shareQueue.ts.
 *   length    A larger batch draws more in all, and each of its steps takes longer. While a share that has too few samples to fill a
 *             batch is beside others, the steps are the quick ones: its few are soon done, and what is lost is lost for so long only.
 *   room      One bundle a step, that of the first. Rows that are left go to whoever comes next and fits; the first is taken even
 *             if it has more rows than an evaluation may have. Samples that have begun hold memory until they are done; one for which
 *             there is no memory is not overtaken by others that have not begun either.
 *
 * A sample that is not chosen keeps its state and goes on later.
 */
import type { RowBudget } from '../../capacity.js';
import type { Candidate, Entry, ShareQueue } from './shareQueue.js';
import { begin, createShareQueue, dequeue, enqueue, firstFitting } from './shareQueue.js';

export type { Candidate } from './shareQueue.js';

/** One in so many steps goes to those that are passed over. */
const GRACE = 16;

export interface BatchLimits {
  /** Of one evaluation of this bundle. */
  rowBudget(bundle: string): RowBudget;
  /** Of the samples that have begun. A single one may have more. */
  readonly memoryBytes: number;
  /** Whether those that wait may begin now. @default they may */
  canStart?(): boolean;
}

export interface BatchScheduler<T extends Candidate> {
  add(sample: T): void;
  /** Those that take the next step together, all of one bundle; they have begun with that. Empty where none can. */
  selectBatch(): readonly T[];
  /** It takes no steps until it is put back, and goes on to hold its memory. */
  suspend(sample: T): void;
  /** With the rows and bytes that it has now. */
  resume(sample: T): void;
  /** It is done, or given up. */
  remove(sample: T): void;
}

/** The shares that have samples of one priority. */
interface Level<T extends Candidate> {
  readonly priority: number;
  readonly shares: Map<string, ShareQueue<T>>;
  /** Rows: where the share that was served last had got to. */
  virtualTime: number;
  /** Steps since it last took part in one. */
  passedOver: number;
}

export function createBatchScheduler<T extends Candidate>(budgets: BatchLimits): BatchScheduler<T> {
  const entries = new Map<number, Entry<T>>();
  let levels: Level<T>[] = [];
  let arrivals = 0;
  let step = 0;
  let [begunCount, begunBytes] = [0, 0];
  let unfairSteps = 0;

  const levelOf = ({ priority }: T): Level<T> => {
    const found = levels.find((level) => level.priority === priority);
    if (found !== undefined) return found;
    const level: Level<T> = { priority, shares: new Map(), virtualTime: 0, passedOver: 0 };
    levels = [...levels, level].sort((a, b) => b.priority - a.priority);
    return level;
  };

  const enter = (entry: Entry<T>): void => {
    const level = levelOf(entry.sample);
    const { fairnessKey } = entry.sample;
    const queue = level.shares.get(fairnessKey) ?? createShareQueue<T>(level.virtualTime);
    level.shares.set(fairnessKey, queue);
    enqueue(queue, entry);
  };

  const leave = (entry: Entry<T>, to: 'AWAY' | 'GONE'): void => {
    const level = levelOf(entry.sample);
    const { fairnessKey } = entry.sample;
    const queue = level.shares.get(fairnessKey);
    if (queue === undefined) return;
    dequeue(queue, entry, to);
    if (queue.size === 0) level.shares.delete(fairnessKey);
    if (level.shares.size === 0) levels = levels.filter((other) => other !== level);
  };

  const hold = (entry: Entry<T>, bytes: number): void => {
    begunBytes += bytes - entry.held;
    entry.held = bytes;
  };

  /** The levels in the order in which they choose. */
  const inOrder = (): readonly Level<T>[] => {
    if (unfairSteps < GRACE - 1 || levels.length < 2) return levels;
    const longest = levels.reduce((most, level) => (level.passedOver > most.passedOver ? level : most));
    return [longest, ...levels.filter((level) => level !== longest)];
  };

  /** Rows of the step that this sample is the first of. */
  const rowsBeside = ({ bundle, rows: each }: T): number => {
    const { rows, quickRows } = budgets.rowBudget(bundle);
    const queues = levels.flatMap(({ shares }) => [...shares.values()]);
    return queues.length > 1 && queues.some(({ size }) => size * each < rows) ? quickRows : rows;
  };

  const chooseFrom = (level: Level<T>, chosen: T[], room: Room): void => {
    const shares = new Set(level.shares.values());
    while (shares.size > 0 && room.rows > 0) {
      const share = leastServed(shares);
      const entry = firstFitting(share, step, room.rows, room.bundle);
      if (entry === undefined) {
        shares.delete(share);
        continue;
      }
      const { sample } = entry;
      if (entry.state === 'WAITING') {
        if (begunCount > 0 && begunBytes + sample.bytes > budgets.memoryBytes) room.mayBegin = false;
        if (!room.mayBegin) {
          shares.delete(share);
          continue;
        }
        begin(share, entry);
        begunCount++;
        hold(entry, sample.bytes);
      }
      entry.step = step;
      level.virtualTime = Math.max(level.virtualTime, share.served);
      share.served += sample.rows;
      room.rows = (room.bundle === undefined ? rowsBeside(sample) : room.rows) - sample.rows;
      room.bundle = sample.bundle;
      chosen.push(sample);
    }
  };

  /** One whose turn it was by grace, and for which there was no memory, has it until there is. */
  const rememberWhoWasPassedOver = (chosen: readonly T[], graced: Level<T> | undefined): void => {
    const served = new Set(chosen.map(({ priority }) => priority));
    for (const level of levels) level.passedOver = served.has(level.priority) ? 0 : level.passedOver + 1;
    if (graced?.passedOver === 0) unfairSteps = 0;
    else if (levels.length > served.size) unfairSteps++;
  };

  return {
    add(sample) {
      const entry: Entry<T> = { sample, order: arrivals++, state: 'WAITING', step: 0, held: 0 };
      entries.set(sample.key, entry);
      enter(entry);
    },

    selectBatch() {
      step++;
      const order = inOrder();
      const chosen: T[] = [];
      const room: Room = { bundle: undefined, rows: Infinity, mayBegin: budgets.canStart?.() ?? true };
      for (const level of order) chooseFrom(level, chosen, room);
      if (chosen.length > 0) rememberWhoWasPassedOver(chosen, order === levels ? undefined : order[0]);
      return chosen;
    },

    suspend(sample) {
      const entry = entries.get(sample.key);
      if (entry?.state === 'BEGUN') leave(entry, 'AWAY');
    },

    resume(sample) {
      const entry = entries.get(sample.key);
      if (entry?.state !== 'AWAY') return;
      entry.state = 'BEGUN';
      hold(entry, sample.bytes);
      enter(entry);
    },

    remove(sample) {
      const entry = entries.get(sample.key);
      if (entry === undefined) return;
      entries.delete(sample.key);
      if (entry.state !== 'WAITING') begunCount--;
      hold(entry, 0);
      if (entry.state === 'AWAY') entry.state = 'GONE';
      else leave(entry, 'GONE');
    },
  };
}

/** What is left for those that choose later. */
interface Room {
  bundle: string | undefined;
  rows: number;
  mayBegin: boolean;
}

/** Of those that were served as little, the one that has had samples for longer. */
function leastServed<T extends Candidate>(shares: Iterable<ShareQueue<T>>): ShareQueue<T> {
  let least: ShareQueue<T> | undefined;
  for (const share of shares) if (least === undefined || share.served < least.served) least = share;
  return least as ShareQueue<T>;
}
