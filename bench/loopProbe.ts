/**
 * Preloaded into the server by server.ts. Tells a loop that is late because this thread computed (our fault)
 * from one that is late because the machine gave the processor to somebody else.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const TICK_MS = 5;
let lateness: number[] = [];
let ownMs = 0;
let wall = performance.now();
let cpu = process.threadCpuUsage();

setInterval(() => {
  const now = performance.now();
  const used = process.threadCpuUsage(cpu);
  lateness.push(now - wall - TICK_MS);
  ownMs = Math.max(ownMs, (used.user + used.system) / 1000);
  wall = performance.now();
  cpu = process.threadCpuUsage();
}, TICK_MS).unref();

/** SIGUSR2: say the worst since the last time. */
process.on('SIGUSR2', () => {
  lateness.sort((a, b) => a - b);
  const at = (share: number): number => Math.max(0, lateness[Math.ceil(share * lateness.length) - 1] ?? 0);
  process.stdout.write(`probe ${JSON.stringify({ lateMs: at(1), ownMs, p99Ms: at(0.99) })}\n`);
  lateness = [];
  ownMs = 0;
});

const toMb = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** SIGWINCH: collect garbage and say what is still held. The turn that this takes is nobody's. */
process.on('SIGWINCH', () => {
  // Only here, so that benches without it run as the service does.
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`held ${JSON.stringify({ heapMb: toMb(heapUsed), externalMb: toMb(external) })}\n`);
  wall = performance.now();
  cpu = process.threadCpuUsage();
});
