/** Samples a second through the pool, from the request to the PNG files, and how long one alone takes. */
import type * as Inference from '../../src/inference/index.ts';
import { built } from '../built.ts';
import { cpuSecondsOf } from '../processes.ts';
import { median } from '../statistics.ts';
import { MODELS, asked, found, requestsFor } from './asked.ts';
import { generateAll } from '../generateAll.ts';

const { openEngine } = await built<typeof Inference>('inference/index.js');
const ALONE = 3;

export async function drawing(): Promise<void> {
  for (const rows of asked.rows) await drawn(rows);
}

async function drawn(maximumRows: number | null): Promise<void> {
  const { device, precision, queued } = asked;
  const steps: Inference.DeviceStep[] = [];
  const began = performance.now();
  const pool = await openEngine({
    modelsDirectory: MODELS,
    devices: [device],
    precision,
    maximumRows,
    onStep: (step) => steps.push(step),
  });
  try {
    const [bundle] = pool.bundles;
    if (bundle === undefined) throw new Error('there is no bundle');
    const [capacity] = pool.devices()[0]?.capacities ?? [];
    found({ maximumRows, openedAfter: (performance.now() - began) / 1000, capacity });
    const draw = async (count: number, prefix: string): Promise<number> => {
      const requests = requestsFor(bundle.id, bundle.manifest.vocabulary.trainedPairs, count, prefix);
      const from = performance.now();
      await generateAll(pool, requests);
      return (performance.now() - from) / 1000;
    };
    const first = await draw(1, 'first ');
    const alone: number[] = [];
    for (let i = 0; i < ALONE; i++) alone.push(await draw(1, `alone ${String(i)} `));
    found({ maximumRows, firstSeconds: first, aloneSeconds: median(alone) });

    // Twice: the first time a device meets batches of sizes that it has yet to prepare for.
    for (const round of ['first', 'second']) {
      steps.length = 0;
      const pid = pool.devices()[0]?.pid ?? process.pid;
      const cpuBefore = cpuSecondsOf(pid);
      const seconds = await draw(queued, `${round} `);
      found({
        maximumRows,
        round,
        samples: queued,
        seconds,
        samplesPerSecond: queued / seconds,
        steps: steps.length,
        secondsInSteps: steps.reduce((sum, step) => sum + step.seconds, 0),
        rowsPerStep: steps.reduce((sum, step) => sum + step.rows, 0) / steps.length,
        workerCpuSeconds: cpuSecondsOf(pid) - cpuBefore,
        outOfMemory: pool.devices()[0]?.outOfMemory,
      });
    }
  } finally {
    await pool.close();
  }
}
