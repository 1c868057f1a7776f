/**
 * The fair queue of the engine: the dispatcher orders the samples that no device has with it, and each device worker the samples that
 * share its batches. It has no clock and no device, so a simulation can drive it.
 *
 * Items are ordered by priority, then by start-time fair queueing (Goyal, Vin & Cheng 1996) between the fairness keys, then by age
 * (flow.ts). Each fairness key has a start tag that its service moves on, whatever the priority. The key with the smallest tag goes
 * next. Virtual time is the smallest start tag of the keys that have items. A key that returns from idleness starts at virtual time
 * at the earliest, so idleness earns nothing; and it is not ahead of virtual time by more than it was served, so it costs nothing.
 */
import type { Flow, FlowClock, QueueItem } from './flow.js';
import { createFlow, dequeue, enqueueStarted, enqueueWaiting, firstWaiting, flowSize, itemsInOrder } from './flow.js';

export interface FairQueue<T extends QueueItem> {
  readonly size: number;
  add(item: T): void;
  /** Adds an item that has started before: it goes before the waiting items of its flow. */
  addStarted(item: T): void;
  /** Moves a waiting item to the started items of its flow. */
  markStarted(item: T): void;
  /** Returns whether the item was in the queue. */
  remove(item: T): boolean;
  /** Charges one service of the item to its fairness key. The item must be in the queue. */
  charge(item: T): void;
  /** The flows by priority, highest first. */
  levels(): readonly Level<T>[];
  /** The flow with the smallest start tag; of equals, the one that has had items for longest. */
  leastServed(flows: Iterable<Flow<T>>): Flow<T> | undefined;
  /** The items in the order in which they would be served if each was served once. The queue must not change meanwhile. */
  inOrder(): Generator<T, void>;
  /** The first item of each flow, highest priority first. */
  heads(): T[];
}

/** The flows of one priority, by fairness key. */
export interface Level<T extends QueueItem> {
  readonly priority: number;
  readonly flows: ReadonlyMap<string, Flow<T>>;
}

/** The clocks of idle fairness keys are dropped beyond this number. */
const MAX_IDLE_CLOCKS = 1_000;

/** @param costOf the cost of one service of an item, in any unit that is the same for all items */
export function createFairQueue<T extends QueueItem>(costOf: (item: T) => number): FairQueue<T> {
  /** Highest priority first. */
  let levels: { readonly priority: number; readonly flows: Map<string, Flow<T>> }[] = [];
  const clocks = new Map<string, FlowClock>();
  let virtualTime = 0;
  let size = 0;

  /** The clock of a key that has no items is at virtual time at the earliest. The others are never behind it. */
  const clockOf = (fairnessKey: string): FlowClock => {
    const clock = clocks.get(fairnessKey) ?? { startTag: virtualTime };
    if (clock.startTag < virtualTime) clock.startTag = virtualTime;
    clocks.set(fairnessKey, clock);
    return clock;
  };

  const find = ({ priority, fairnessKey }: T): Flow<T> | undefined =>
    levels.find((level) => level.priority === priority)?.flows.get(fairnessKey);

  const findOrCreate = ({ priority, fairnessKey }: T): Flow<T> => {
    let level = levels.find((other) => other.priority === priority);
    if (level === undefined) {
      level = { priority, flows: new Map() };
      levels = [...levels, level].sort((a, b) => b.priority - a.priority);
    }
    const flow = level.flows.get(fairnessKey) ?? createFlow<T>(fairnessKey, clockOf(fairnessKey));
    level.flows.set(fairnessKey, flow);
    return flow;
  };

  const dropIfEmpty = (flow: Flow<T>, priority: number): void => {
    if (flowSize(flow) > 0) return;
    const level = levels.find((other) => other.priority === priority);
    level?.flows.delete(flow.fairnessKey);
    if (level?.flows.size === 0) levels = levels.filter((other) => other !== level);
    dropIdleClocks();
  };

  const dropIdleClocks = (): void => {
    const flowCount = levels.reduce((sum, { flows }) => sum + flows.size, 0);
    if (clocks.size <= MAX_IDLE_CLOCKS + flowCount) return;
    const active = new Set(levels.flatMap(({ flows }) => [...flows.keys()]));
    for (const [fairnessKey, { startTag }] of clocks)
      if (startTag <= virtualTime && !active.has(fairnessKey)) clocks.delete(fairnessKey);
  };

  return {
    get size() {
      return size;
    },
    add(item) {
      enqueueWaiting(findOrCreate(item), item);
      size++;
    },
    addStarted(item) {
      enqueueStarted(findOrCreate(item), item);
      size++;
    },
    markStarted(item) {
      const flow = find(item);
      if (flow !== undefined && dequeue(flow, item)) enqueueStarted(flow, item);
    },
    remove(item) {
      const flow = find(item);
      if (flow === undefined || !dequeue(flow, item)) return false;
      size--;
      dropIfEmpty(flow, item.priority);
      return true;
    },
    charge(item) {
      const clock = clockOf(item.fairnessKey);
      // Not the start tag of the item itself: a key that is served for its priority may be far ahead of the keys that wait.
      let smallest = clock.startTag;
      for (const { flows } of levels)
        for (const flow of flows.values()) if (flow.clock.startTag < smallest) smallest = flow.clock.startTag;
      virtualTime = smallest;
      clock.startTag += costOf(item);
    },
    levels: () => levels,
    leastServed(flows) {
      let least: Flow<T> | undefined;
      for (const flow of flows) if (least === undefined || flow.clock.startTag < least.clock.startTag) least = flow;
      return least;
    },
    *inOrder() {
      for (const { flows } of levels) {
        const open = [...flows.values()].map((flow) => {
          const items = itemsInOrder(flow);
          return { items, next: items.next(), tag: flow.clock.startTag };
        });
        for (;;) {
          let first: (typeof open)[number] | undefined;
          for (const flow of open) if (flow.next.done !== true && flow.tag < (first?.tag ?? Infinity)) first = flow;
          if (first === undefined || first.next.done === true) break;
          const item = first.next.value;
          yield item;
          first.tag += costOf(item);
          first.next = first.items.next();
        }
      }
    },
    heads: () =>
      levels.flatMap(({ flows }) =>
        [...flows.values()].flatMap((flow) => flow.started[0] ?? firstWaiting(flow, () => true) ?? []),
      ),
  };
}
