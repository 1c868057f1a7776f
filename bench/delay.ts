/** How long the polite tenant's request takes, alone and beside the greedy tenant, which has a thread of its own. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { SharedResource, Stage } from './fullTilt.ts';
import { median } from './statistics.ts';

export interface Delay {
  readonly name: string;
  readonly alone: Took;
  readonly beside: Took;
  /** Requests of the greedy tenant that ended meanwhile. */
  readonly greedyRequests: number;
}

/** The polite tenant's request, from sending it to its answer: medians of the rounds. */
export interface Took {
  readonly ms: number;
  /** Processor time of the server's event loop meanwhile, which a busy machine does not stretch. */
  readonly loopMs: number;
}

/** Fewer rounds are measured when they take longer. */
const MAXIMUM_MS = 8_000;
const WARM_UP_MS = 1_000;
/** What the greedy tenant left behind, such as exports in the queue, must not delay the next measurement. */
const IDLE = { withinMs: 500, loopMs: 25, waitMs: 120_000 };

export async function measureDelay(stage: Stage, { name, polite }: SharedResource, rounds: number): Promise<Delay> {
  const timed = async (): Promise<Took> => {
    const times: number[] = [];
    const loopTimes: number[] = [];
    const end = performance.now() + MAXIMUM_MS;
    while (times.length < rounds && performance.now() < end) {
      const began = performance.now();
      const loopBegan = loopMs(stage.pid);
      await polite();
      times.push(performance.now() - began);
      loopTimes.push(loopMs(stage.pid) - loopBegan);
    }
    return { ms: median(times), loopMs: median(loopTimes) };
  };
  await polite(); // the first one is slower
  const alone = await timed();
  const greedy = new Worker(new URL('./greedyTenant.ts', import.meta.url), { workerData: { stage, name } });
  await once(greedy, 'message');
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  const beside = await timed();
  const ended = once(greedy, 'message') as Promise<[number]>;
  greedy.postMessage('stop');
  const [greedyRequests] = await ended;
  await greedy.terminate();
  await idle(stage.pid);
  return { name, alone, beside, greedyRequests };
}

async function idle(pid: number): Promise<void> {
  const end = performance.now() + IDLE.waitMs;
  while (performance.now() < end) {
    const before = loopMs(pid);
    await new Promise((resolve) => setTimeout(resolve, IDLE.withinMs));
    if (loopMs(pid) - before < IDLE.loopMs) return;
  }
}

function loopMs(pid: number): number {
  const task = `/proc/${String(pid)}/task/${String(pid)}/schedstat`;
  return Number(readFileSync(task, 'utf8').split(' ')[0]) / 1e6;
}
