/**
 * Preloaded into the server by event-loop.ts. Tells a loop that is late because this thread computed (our fault)
 * from one that is late because the machine gave the processor to somebody else.
 */
const TICK_MS = 5;
const worst = { lateMs: 0, ownMs: 0 };
let wall = performance.now();
let cpu = process.threadCpuUsage();

setInterval(() => {
  const now = performance.now();
  const used = process.threadCpuUsage(cpu);
  worst.lateMs = Math.max(worst.lateMs, now - wall - TICK_MS);
  worst.ownMs = Math.max(worst.ownMs, (used.user + used.system) / 1000);
  wall = performance.now();
  cpu = process.threadCpuUsage();
}, TICK_MS).unref();

/** SIGUSR2: say the worst since the last time. */
process.on('SIGUSR2', () => {
  process.stdout.write(`probe ${JSON.stringify(worst)}\n`);
  worst.lateMs = 0;
  worst.ownMs = 0;
});
