/** Devices that draw in virtual time, behind the real dispatch: what takes hours on slow hardware is over in milliseconds. */
import type { DeviceInfo, DeviceState, Task } from '../../src/inference/device.js';
import { createDispatch } from '../../src/inference/dispatcher.js';
import type { Manifest, SampleRequest } from '../../src/inference/index.js';
import { DeviceLostError } from '../../src/inference/index.js';
import type { Post } from '../../src/inference/post.js';
import { createThroughputEstimator } from '../../src/inference/throughput.js';
import type { PendingSample } from '../../src/inference/pendingSample.js';
import { costOf } from '../../src/inference/sampleCost.js';

const manifest = {
  latent: { channels: 4, height: 16, width: 16 },
  schedule: { numTrainTimesteps: 1000 },
  prompts: { normal: 'good' },
} as unknown as Manifest;

const request: SampleRequest = {
  id: '',
  bundle: 'simulated@1.0.0',
  product: 'tile',
  defect: 'scratch',
  seed: 1,
  strength: 2,
  productScale: 2,
  steps: 20,
  sampler: 'DDIM',
  guidance: 'DOUBLE_FREE',
  maskMode: 'AVERAGE_FEATURES',
};

export interface Pace {
  readonly rowBudget: number;
  /** Seconds of a step of so many rows. */
  step(rows: number): number;
}

/** A sample of Eq. 4 in 20 steps takes so long on it, two at a time. */
export function paceOf(secondsPerSample: number, samplesAtATime = 2): Pace {
  return { rowBudget: 3 * samplesAtATime, step: (rows) => (secondsPerSample / 60) * rows };
}

export interface SimulatedDevice {
  /** The ids that it delivered. */
  readonly delivered: string[];
  /** The ids that it has in hand. */
  inHand(): string[];
  /** Its worker dies and is ready again after so many seconds, or never. */
  die(seconds: number): void;
}

export interface Stage {
  readonly devices: readonly SimulatedDevice[];
  readonly dispatch: ReturnType<typeof createDispatch>;
  /** When each was delivered, in seconds. */
  readonly deliveredAt: Map<string, number>;
  readonly told: string[];
  /** Asks for samples, now. */
  draw(ids: readonly string[], changes?: Partial<SampleRequest>): PendingSample[];
  /** Does something at a time. */
  at(seconds: number, what: () => void): void;
  /** Until nothing more happens, or so many seconds from the start. @returns the time */
  run(until?: number): Promise<number>;
}

/** @param known whether the devices' speeds are known at the start. */
export function stageOf(paces: readonly Pace[], known: boolean): Stage {
  let now = 0;
  let events: { at: number; what: () => void }[] = [];
  const at = (seconds: number, what: () => void): void => {
    events.push({ at: seconds, what });
  };
  const after = (seconds: number, what: () => void): void => at(now + seconds, what);
  const deliveredAt = new Map<string, number>();
  const told: string[] = [];

  const made = paces.map((pace) => simulatedDevice(pace, after, () => dispatch.look()));
  const posts = made.map(({ post }) => post);
  made.forEach(({ post }, i) => {
    const { rowBudget: rows, step } = paces[i] as Pace;
    if (known)
      post.speed.seed({
        bundle: request.bundle,
        rows,
        quickRows: rows,
        curve: [{ samples: rows / 3, seconds: step(rows) }],
      });
  });
  const dispatch = createDispatch(posts, () => manifest);

  const wantedOf = (own: SampleRequest): PendingSample => ({
    request: own,
    started: () => told.push(`started ${own.id}`),
    progress: () => undefined,
    delivered: () => {
      told.push(`delivered ${own.id}`);
      deliveredAt.set(own.id, now);
    },
    failed: (message) => told.push(`failed ${own.id}: ${message}`),
    canceled: () => told.push(`canceled ${own.id}`),
    lost: (error) => told.push(`lost ${own.id}: ${error.message}`),
  });

  return {
    devices: made.map(({ simulated }) => simulated),
    dispatch,
    deliveredAt,
    told,
    at,
    draw(ids, changes = {}) {
      const samples = ids.map((id) => wantedOf({ ...request, ...changes, id }));
      dispatch.draw(samples);
      return samples;
    },
    async run(until = Infinity) {
      for (;;) {
        // What the dispatch does, it does in a microtask.
        await Promise.resolve();
        const next = events.reduce<(typeof events)[number] | undefined>(
          (first, event) => (first === undefined || event.at < first.at ? event : first),
          undefined,
        );
        if (next === undefined || next.at > until) return now;
        events = events.filter((event) => event !== next);
        now = next.at;
        next.what();
      }
    },
  };
}

interface InHand {
  readonly task: Task;
  readonly rows: number;
  step: number;
}

function simulatedDevice(
  pace: Pace,
  after: (seconds: number, what: () => void) => void,
  look: () => void,
): { post: Post; simulated: SimulatedDevice } {
  let inHand: InHand[] = [];
  let state: DeviceState = 'READY';
  let life = 0;
  let stepping = false;
  const unheard: number[] = [];
  let secondsUnheard = 0;
  const speed = createThroughputEstimator();
  const delivered: string[] = [];

  /** The highest priority first, then those that are begun, then first come. */
  const batch = (): InHand[] => {
    let room = pace.rowBudget;
    return inHand
      .toSorted((a, b) => (b.task.request.priority ?? 0) - (a.task.request.priority ?? 0) || b.step - a.step)
      .filter(({ rows }) => (room -= rows) >= 0);
  };

  /** Now and then, as a device worker does. */
  const tellOfSteps = (): void => {
    for (const rows of unheard.splice(0)) speed.record(request.bundle, rows, pace.step(rows), pace.rowBudget);
    secondsUnheard = 0;
    look();
  };

  const step = (): void => {
    const [together, ofLife] = [batch(), life];
    if (stepping || state !== 'READY' || together.length === 0) return;
    stepping = true;
    const rows = together.reduce((sum, own) => sum + own.rows, 0);
    for (const own of together) if (own.step === 0) own.task.started();
    after(pace.step(rows), () => {
      if (ofLife !== life) return;
      stepping = false;
      for (const own of together) {
        own.step++;
        if (!inHand.includes(own)) continue;
        own.task.progress(own.step, own.task.request.steps);
        if (own.step < own.task.request.steps) continue;
        inHand = inHand.filter((other) => other !== own);
        delivered.push(own.task.request.id);
        own.task.delivered({ id: own.task.request.id } as Parameters<Task['delivered']>[0]);
      }
      unheard.push(rows);
      if (inHand.length === 0 || (secondsUnheard += pace.step(rows)) >= 1) tellOfSteps();
      // Anything that is handed over at this moment may take part in the next step.
      after(0, step);
    });
  };

  return {
    post: {
      speed,
      rowBudget: () => pace.rowBudget,
      device: {
        info: () => ({ state }) as DeviceInfo,
        add(task) {
          inHand.push({ task, rows: costOf(task.request, manifest).rows, step: 0 });
          after(0, step);
        },
        cancel(tasks) {
          const gone = inHand.filter(({ task }) => tasks.includes(task));
          inHand = inHand.filter((own) => !gone.includes(own));
          after(0, () => gone.forEach(({ task }) => task.canceled()));
        },
      },
    },
    simulated: {
      delivered,
      inHand: () => inHand.map(({ task }) => task.request.id),
      die(seconds) {
        life++;
        stepping = false;
        const lost = inHand;
        inHand = [];
        state = 'RESTARTING';
        for (const { task } of lost) {
          task.attempts++;
          task.returned();
        }
        after(Math.min(seconds, 1e9), () => {
          state = Number.isFinite(seconds) ? 'READY' : 'FAILED';
          const kept = inHand;
          if (state === 'FAILED') inHand = [];
          for (const { task } of kept) if (state === 'FAILED') task.lost(new DeviceLostError('it is gone'));
          look();
          after(0, step);
        });
      },
    },
  };
}
