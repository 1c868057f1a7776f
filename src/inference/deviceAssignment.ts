/**
 * Chooses the device for each sample: the one that would finish it first, after everything that the device already has. A device with
 * a full backlog gets no more, so a sample that it would finish first waits for it. At the end of a run, a slow device therefore starts
 * nothing that a fast one would finish sooner. Pure: no clock, no device.
 */

/** A sample as the assignment sees it. */
export interface Assignable {
  readonly fairnessKey: string;
  readonly priority: number;
}

/** A sample that a device has. */
export interface AssignedSample<S> {
  readonly sample: S;
  /** The share of its steps that is done, 0 … 1. */
  readonly done: number;
  readonly started: boolean;
}

export interface DeviceView<S> {
  readonly assigned: readonly AssignedSample<S>[];
  /** The time that the sample takes in full batches. */
  seconds(sample: S): number;
  /** The share of one batch of the device that the sample fills. */
  batches(sample: S): number;
  /** Whether `seconds` comes from the device's own steps. */
  isMeasured(sample: S): boolean;
  /** The backlog that the device may have when it gets the sample. */
  backlogLimit(sample: S): BacklogLimit;
}

/** In batches. */
export interface BacklogLimit {
  /** The limit for one fairness key and priority. */
  readonly perFlow: number;
  readonly total: number;
}

/**
 * Each flow may have one batch that runs and one that waits, so that a finished sample is followed at once and the device knows that
 * it can fill batches. The total bounds the number of flows to those that the device can serve soon.
 */
export const BACKLOG_LIMIT: BacklogLimit = { perFlow: 2, total: 16 };
/** For a device whose throughput is unknown: enough to measure it. */
export const UNMEASURED_BACKLOG_LIMIT: BacklogLimit = { perFlow: 1, total: 1 };
/** For the only device. */
export const NO_BACKLOG_LIMIT: BacklogLimit = { perFlow: Infinity, total: Infinity };
/**
 * Additional batches for a flow that no device has a sample of. The device chooses among its samples at every step, so each flow should
 * be present on some device.
 */
const ABSENT_FLOW_ALLOWANCE = 1;
/** How far down the queue to look for a sample for a device. A device that is slower by more than this is of no use. */
const MAX_LOOKAHEAD = 256;
/** A sample moves to another device if it would finish this many times sooner there. Its progress is lost. */
const MIGRATION_SPEEDUP = 2;

export interface Assignment<S, D> {
  readonly sample: S;
  readonly device: D;
}

/**
 * @param waiting the waiting samples in fair order; no sample follows one of a lower priority
 * @param heads the first waiting sample of each flow, in the same order
 */
export function assignWaiting<S extends Assignable, D extends DeviceView<S>>(
  waiting: Iterable<S>,
  heads: Iterable<S>,
  devices: readonly D[],
): Assignment<S, D>[] {
  const assignments: Assignment<S, D>[] = [];
  const backlogs = devices.map((device) => createBacklog<S, D>(device));
  const assign = (sample: S, backlog: Backlog<S, D>): void => {
    assignments.push({ sample, device: backlog.device });
    backlog.add(sample);
  };
  const flowHeads = [...heads];
  /** Flows that no device accepts more samples of. */
  const fullFlows = new Set<string>();
  let passed = 0;
  for (const sample of waiting) {
    const best = minBy(backlogs, (backlog) => backlog.finishTime(sample));
    if (best === undefined || passed > MAX_LOOKAHEAD || fullFlows.size === flowHeads.length) break;
    if (best.accepts(sample)) assign(sample, best);
    else {
      best.reserve(sample);
      passed++;
      if (!backlogs.some((backlog) => backlog.accepts(sample))) fullFlows.add(flowOf(sample));
    }
  }
  const present = new Set(
    [...devices.flatMap(({ assigned }) => assigned), ...assignments].map(({ sample }) => flowOf(sample)),
  );
  for (const sample of flowHeads) {
    if (present.has(flowOf(sample))) continue;
    const best = minBy(backlogs, (backlog) => backlog.finishTime(sample));
    if (best?.accepts(sample, ABSENT_FLOW_ALLOWANCE) === true) assign(sample, best);
  }
  return assignments;
}

/** The samples that a device should take over from a slower one when nothing waits. Both throughputs must be measured. */
export function chooseMigrations<S extends Assignable, D extends DeviceView<S>>(
  devices: readonly D[],
): Assignment<S, D>[] {
  const backlogs = devices.map((device) => createBacklog<S, D>(device));
  const candidates = devices.flatMap((device) =>
    device.assigned
      .filter(({ sample }) => device.isMeasured(sample))
      .map((own) => ({ sample: own.sample, from: device, secondsLeft: secondsLeft(device, own) })),
  );
  const migrations: Assignment<S, D>[] = [];
  for (const { sample, from, secondsLeft } of candidates.sort((a, b) => b.secondsLeft - a.secondsLeft)) {
    const others = backlogs.filter(
      ({ device, batches }) => device !== from && batches() < 1 && device.isMeasured(sample),
    );
    const best = minBy(others, (backlog) => backlog.finishTime(sample));
    if (best === undefined || best.finishTime(sample) * MIGRATION_SPEEDUP >= secondsLeft) continue;
    migrations.push({ sample, device: best.device });
    best.add(sample);
  }
  return migrations;
}

function flowOf({ priority, fairnessKey }: Assignable): string {
  return `${String(priority)} ${fairnessKey}`;
}

/** Until the device finishes a sample that it has. Started samples share its batches; the others follow them. */
function secondsLeft<S>(device: DeviceView<S>, { started }: AssignedSample<S>): number {
  const before = started ? device.assigned.filter((other) => other.started) : device.assigned;
  return before.reduce((sum, other) => sum + device.seconds(other.sample) * (1 - other.done), 0);
}

/** The work that a device has, with the samples that are being assigned to it. */
interface Backlog<S, D> {
  readonly device: D;
  /** Seconds from now until the sample would be finished. Samples of lower priorities do not delay it. */
  finishTime(sample: S): number;
  /** @param allowance batches beyond the limit */
  accepts(sample: S, allowance?: number): boolean;
  batches(): number;
  add(sample: S): void;
  /** Counts the time of a sample that the device will get when its backlog has shrunk. */
  reserve(sample: S): void;
}

function createBacklog<S extends Assignable, D extends DeviceView<S>>(device: D): Backlog<S, D> {
  const totals = new Map<number, { seconds: number; batches: number }>();
  const batchesByFlow = new Map<string, number>();
  const sumFrom = (priority: number, unit: 'seconds' | 'batches'): number => {
    let sum = 0;
    for (const [own, total] of totals) if (own >= priority) sum += total[unit];
    return sum;
  };
  const reserve = (sample: S, share = 1): void => {
    const total = totals.get(sample.priority) ?? { seconds: 0, batches: 0 };
    total.seconds += device.seconds(sample) * share;
    totals.set(sample.priority, total);
  };
  const add = (sample: S, share = 1): void => {
    reserve(sample, share);
    const [total, batches, flow] = [totals.get(sample.priority), device.batches(sample), flowOf(sample)];
    if (total !== undefined) total.batches += batches;
    batchesByFlow.set(flow, (batchesByFlow.get(flow) ?? 0) + batches);
  };
  for (const { sample, done } of device.assigned) add(sample, 1 - done);
  return {
    device,
    finishTime: (sample) => sumFrom(sample.priority, 'seconds') + device.seconds(sample),
    accepts(sample, allowance = 0) {
      const { perFlow, total } = device.backlogLimit(sample);
      return (
        (batchesByFlow.get(flowOf(sample)) ?? 0) < perFlow && sumFrom(sample.priority, 'batches') < total + allowance
      );
    },
    batches: () => sumFrom(-Infinity, 'batches'),
    add: (sample) => add(sample),
    reserve: (sample) => reserve(sample),
  };
}

function minBy<T>(items: readonly T[], measure: (item: T) => number): T | undefined {
  let best: T | undefined;
  let smallest = Infinity;
  for (const item of items) {
    const measured = measure(item);
    if (measured < smallest) [best, smallest] = [item, measured];
  }
  return best;
}
