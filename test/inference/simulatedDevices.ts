/** Devices that draw in virtual time, behind the real dispatcher: hours on slow hardware pass within milliseconds. */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Device } from '../../src/inference/device.js';
import type { DeviceInfo, DeviceState } from '../../src/inference/deviceInfo.js';
import type { Dispatcher } from '../../src/inference/dispatcher.js';
import { createDispatcher } from '../../src/inference/dispatcher.js';
import { WorkerExitedError } from '../../src/inference/errors.js';
import type { GenerateOptions, Manifest, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { CanceledError, DeviceLostError } from '../../src/inference/index.js';
import { costOf } from '../../src/inference/sampleCost.js';
import { createThroughputEstimator } from '../../src/inference/throughputEstimator.js';

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
  /** Seconds of a step with this many rows. */
  step(rows: number): number;
}

/** A sample of Eq. 4 in 20 steps takes `secondsPerSample`, `samplesAtATime` at a time. */
export function paceOf(secondsPerSample: number, samplesAtATime = 2): Pace {
  return { rowBudget: 3 * samplesAtATime, step: (rows) => (secondsPerSample / 60) * rows };
}

export interface SimulatedDevice {
  /** The IDs of the samples that it delivered. */
  readonly delivered: string[];
  /** The IDs of the samples that it has. */
  inHand(): string[];
  /** Its worker dies and is ready again after this many seconds, or never. */
  die(seconds: number): void;
}

export interface Stage {
  readonly devices: readonly SimulatedDevice[];
  readonly dispatcher: Dispatcher;
  /** When each sample was delivered, in seconds. */
  readonly deliveredAt: Map<string, number>;
  readonly told: string[];
  /** Requests samples now. Returns a function that cancels them. */
  draw(ids: readonly string[], changes?: Partial<SampleRequest>): () => void;
  /** Schedules an action. */
  at(seconds: number, action: () => void): void;
  /** Runs until nothing more happens, or until this many seconds from the start. @returns the time */
  run(until?: number): Promise<number>;
}

/** @param known whether the throughput of the devices is known at the start */
export function stageOf(paces: readonly Pace[], known: boolean): Stage {
  let now = 0;
  let events: { at: number; action: () => void }[] = [];
  const at = (seconds: number, action: () => void): void => {
    events.push({ at: seconds, action });
  };
  const after = (seconds: number, action: () => void): void => at(now + seconds, action);
  const deliveredAt = new Map<string, number>();
  const told: string[] = [];

  const simulations = paces.map((pace) => simulateDevice(pace, after, () => dispatcher.dispatch()));
  const devices = simulations.map(({ device }) => device);
  devices.forEach(({ throughput }, i) => {
    const { rowBudget: rows, step } = paces[i] as Pace;
    if (known)
      throughput.seed({
        bundle: request.bundle,
        rows,
        quickRows: rows,
        curve: [{ samples: rows / 3, seconds: step(rows) }],
      });
  });
  const dispatcher = createDispatcher(devices, (id) => ({ id, manifest }));

  const generate = async (own: SampleRequest, signal: AbortSignal): Promise<void> => {
    try {
      await dispatcher.generate(own, { signal, onStarted: () => told.push(`started ${own.id}`) });
      told.push(`delivered ${own.id}`);
      deliveredAt.set(own.id, now);
    } catch (error) {
      const kind = error instanceof CanceledError ? 'canceled' : error instanceof DeviceLostError ? 'lost' : 'failed';
      told.push(`${kind} ${own.id}: ${(error as Error).message}`);
    }
  };

  return {
    devices: simulations.map(({ simulated }) => simulated),
    dispatcher,
    deliveredAt,
    told,
    at,
    draw(ids, changes = {}) {
      // One signal for each: adding a listener to a signal takes longer the more it has.
      const controllers = ids.map((id) => {
        const controller = new AbortController();
        void generate({ ...request, ...changes, id }, controller.signal);
        return controller;
      });
      return () => controllers.forEach((controller) => controller.abort());
    },
    async run(until = Infinity) {
      for (;;) {
        // The dispatcher works in microtasks.
        await eventLoopTurn();
        const next = events.reduce<(typeof events)[number] | undefined>(
          (first, event) => (first === undefined || event.at < first.at ? event : first),
          undefined,
        );
        if (next === undefined || next.at > until) return now;
        events = events.filter((event) => event !== next);
        now = next.at;
        next.action();
      }
    },
  };
}

interface HeldSample {
  readonly request: SampleRequest;
  readonly options: GenerateOptions;
  readonly rows: number;
  readonly resolve: (result: SampleResult) => void;
  readonly reject: (error: Error) => void;
  step: number;
}

function simulateDevice(
  pace: Pace,
  after: (seconds: number, action: () => void) => void,
  dispatch: () => void,
): { device: Device; simulated: SimulatedDevice } {
  let held: HeldSample[] = [];
  let state: DeviceState = 'READY';
  let life = 0;
  let stepping = false;
  const unreported: number[] = [];
  let unreportedSeconds = 0;
  const throughput = createThroughputEstimator();
  const delivered: string[] = [];

  /** The highest priority first, then started samples, then first come. */
  const batch = (): HeldSample[] => {
    let rowsLeft = pace.rowBudget;
    return held
      .toSorted((a, b) => (b.request.priority ?? 0) - (a.request.priority ?? 0) || b.step - a.step)
      .filter(({ rows }) => (rowsLeft -= rows) >= 0);
  };

  /** Now and then, like a device worker. */
  const reportSteps = (): void => {
    for (const rows of unreported.splice(0)) throughput.record(request.bundle, rows, pace.step(rows), pace.rowBudget);
    unreportedSeconds = 0;
    dispatch();
  };

  const step = (): void => {
    const [samples, ofLife] = [batch(), life];
    if (stepping || state !== 'READY' || samples.length === 0) return;
    stepping = true;
    const rows = samples.reduce((sum, own) => sum + own.rows, 0);
    for (const own of samples) if (own.step === 0) own.options.onStarted?.();
    after(pace.step(rows), () => {
      if (ofLife !== life) return;
      stepping = false;
      for (const own of samples) {
        own.step++;
        if (!held.includes(own)) continue;
        own.options.onProgress?.(own.step, own.request.steps);
        if (own.step < own.request.steps) continue;
        held = held.filter((other) => other !== own);
        delivered.push(own.request.id);
        own.resolve({ id: own.request.id } as SampleResult);
      }
      unreported.push(rows);
      if (held.length === 0 || (unreportedSeconds += pace.step(rows)) >= 1) reportSteps();
      // A sample that is assigned at this moment may take part in the next step.
      after(0, step);
    });
  };

  return {
    device: {
      throughput,
      rowBudget: () => pace.rowBudget,
      info: () => ({ state }) as DeviceInfo,
      generate: (own, options) =>
        new Promise((resolve, reject) => {
          const sample = { request: own, options, rows: costOf(own, manifest).rows, resolve, reject, step: 0 };
          held.push(sample);
          options.signal?.addEventListener('abort', () => {
            held = held.filter((other) => other !== sample);
            after(0, () => reject(new CanceledError('canceled')));
          });
          after(0, step);
        }),
    },
    simulated: {
      delivered,
      inHand: () => held.map((sample) => sample.request.id),
      die(seconds) {
        life++;
        stepping = false;
        const lost = held;
        held = [];
        state = 'RESTARTING';
        for (const { reject } of lost) reject(new WorkerExitedError('the worker died', true));
        after(Math.min(seconds, 1e9), () => {
          state = Number.isFinite(seconds) ? 'READY' : 'FAILED';
          const kept = held;
          if (state === 'FAILED') held = [];
          for (const { reject } of kept) if (state === 'FAILED') reject(new DeviceLostError('it is gone'));
          dispatch();
          after(0, step);
        });
      },
    },
  };
}
