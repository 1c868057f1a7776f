/** The ways to hand requests to a real pool that are compared; the engine's own is one. */
import type { Engine, SampleRequest } from '../src/inference/index.js';
import type { Policy } from './policySimulation.ts';
import { generateAll } from './generateAll.ts';

/** Draws a request's samples; resolves with the last. */
export type Driver = (samples: readonly SampleRequest[]) => Promise<void>;

/** @param largest how many samples the device takes at a time. */
export function driverOf(policy: Policy, engine: Engine, largest: number): Driver {
  const draw: Driver = async (samples) => void (await generateAll(engine, samples));
  if (policy === 'this scheduler') return draw;
  if (policy === 'static batches') return inStaticBatches(draw, largest);
  let last = Promise.resolve();
  return (samples) => {
    last = last.then(async () => {
      if (policy === 'whole requests') await draw(samples);
      else for (const sample of samples) await draw([sample]);
    });
    return last;
  };
}

function inStaticBatches(draw: Driver, largest: number): Driver {
  const waiting: { readonly sample: SampleRequest; readonly done: () => void }[] = [];
  let busy = false;

  async function run(): Promise<void> {
    busy = true;
    for (let batch = waiting.splice(0, largest); batch.length > 0; batch = waiting.splice(0, largest)) {
      await draw(batch.map(({ sample }) => sample));
      for (const { done } of batch) done();
    }
    busy = false;
  }

  return async (samples) => {
    const all = samples.map((sample) => new Promise<void>((done) => waiting.push({ sample, done })));
    if (!busy) void run();
    await Promise.all(all);
  };
}
