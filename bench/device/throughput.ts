/** Samples a second through the engine, from the request to the PNG files, and how long one alone takes. */
import type * as Inference from '../../src/inference/index.ts';
import { drawnBundle } from '../bundle.ts';
import { importBuilt } from '../importBuilt.ts';
import { cpuSecondsOf } from '../processes.ts';
import { median } from '../statistics.ts';
import { MODELS, options, report, requestsFor } from './options.ts';
import { generateAll } from '../generateAll.ts';

const { openEngine } = await importBuilt<typeof Inference>('inference/index.js');
const ALONE = 3;

export async function measureThroughput(): Promise<void> {
  for (const rows of options.rows) await measureWithRows(rows);
}

async function measureWithRows(maximumRows: number | null): Promise<void> {
  const { device, precision, queued } = options;
  const steps: Inference.DeviceStep[] = [];
  const began = performance.now();
  const engine = await openEngine({
    modelsDirectory: MODELS,
    devices: [device],
    precision,
    maximumRows,
    onStep: (step) => steps.push(step),
  });
  try {
    const bundle = drawnBundle(engine);
    const capacity = engine.devices()[0]?.capacities.find((one) => one.bundle === bundle.id);
    report({ maximumRows, openedAfter: (performance.now() - began) / 1000, capacity });
    const draw = async (count: number, prefix: string): Promise<number> => {
      const requests = requestsFor(bundle.id, bundle.manifest.vocabulary.trainedPairs, count, prefix);
      const from = performance.now();
      await generateAll(engine, requests);
      return (performance.now() - from) / 1000;
    };
    const first = await draw(1, 'first ');
    const alone: number[] = [];
    for (let i = 0; i < ALONE; i++) alone.push(await draw(1, `alone ${String(i)} `));
    report({ maximumRows, firstSeconds: first, aloneSeconds: median(alone) });

    // Twice: the first time a device meets batches of sizes that it has yet to prepare for.
    for (const round of ['first', 'second']) {
      steps.length = 0;
      const pid = engine.devices()[0]?.pid ?? process.pid;
      const cpuBefore = cpuSecondsOf(pid);
      const seconds = await draw(queued, `${round} `);
      report({
        maximumRows,
        round,
        samples: queued,
        seconds,
        samplesPerSecond: queued / seconds,
        steps: steps.length,
        secondsInSteps: steps.reduce((sum, step) => sum + step.seconds, 0),
        rowsPerStep: steps.reduce((sum, step) => sum + step.rows, 0) / steps.length,
        workerCpuSeconds: cpuSecondsOf(pid) - cpuBefore,
        outOfMemory: engine.devices()[0]?.outOfMemory,
      });
    }
  } finally {
    await engine.close();
  }
}
