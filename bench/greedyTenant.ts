/** A thread of bench/tenants.ts: the greedy tenant at full tilt on one resource, until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Stage } from './fullTilt.ts';
import { sharedResources } from './fullTilt.ts';

const { stage, name } = workerData as { stage: Stage; name: string };
const resource = (await sharedResources(stage)).find((each) => each.name === name);
let requests = 0;
// Those that are under way are left: some take minutes.
parentPort?.once('message', () => parentPort?.postMessage(requests));
parentPort?.postMessage('started');
await Promise.all(
  Array.from({ length: resource?.callers ?? 0 }, async () => {
    for (;;) {
      // A refusal is an answer too.
      await resource?.greedy().catch(() => undefined);
      requests += 1;
    }
  }),
);
