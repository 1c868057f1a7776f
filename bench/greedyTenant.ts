/** A thread of bench/tenants.ts: the greedy tenant at full tilt on one resource, until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Stage } from './fullTilt.ts';
import { sharedResources } from './fullTilt.ts';

const { stage, name } = workerData as { stage: Stage; name: string };
const resource = (await sharedResources(stage)).find((each) => each.name === name);
let going = true;
let requests = 0;
parentPort?.once('message', () => (going = false));
parentPort?.postMessage('started');
await Promise.all(
  Array.from({ length: resource?.callers ?? 0 }, async () => {
    while (going) {
      // A refusal is an answer too.
      await resource?.greedy().catch(() => undefined);
      requests += 1;
    }
  }),
);
parentPort?.postMessage(requests);
