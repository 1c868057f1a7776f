/**
 * Measures a device: whether its images are the CPU's, the duration of a step of 1, 2, 4 … samples and the share of JavaScript in it, the
 * throughput from the queue to the PNG files, and the denoiser's rate relative to a large matrix product.
 *
 *   npm run bench:device           (DEVICE=cuda:0, PRECISIONS=fp32,fp16, PARTS=images,steps,sizeChanges,throughput,matmul, LIMIT=120, OUT=FILE;
 *                                   BATCHES, STEPS, QUEUED, ROWS, SIZE: bench/device/options.ts)
 *
 * Each part runs in a process of its own for at most LIMIT seconds. A part that fails or hangs loses only its own figures.
 */
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Figures } from './device/options.ts';
import { describeMachine } from './saveResults.ts';

const DEVICE = process.env['DEVICE'] ?? 'cpu';
const PRECISIONS = (process.env['PRECISIONS'] ?? 'fp32').split(',');
const PARTS = (process.env['PARTS'] ?? 'images,steps,sizeChanges,throughput,matmul').split(',');
const LIMIT_SECONDS = Number(process.env['LIMIT'] ?? 120);
const OUT = process.env['OUT'] ?? `bench/results/device-${DEVICE.replaceAll(/\W/g, '-')}.json`;

interface PartDone {
  readonly precision: string;
  readonly part: string;
  readonly seconds: number;
  /** `null` if it finished. */
  readonly failure: string | null;
  readonly figures: readonly Figures[];
}

const done: PartDone[] = [];

/** Called for every figure, so that measurements are kept however the benchmark ends. */
function write(unfinished: readonly PartDone[]): void {
  const parts = [...done, ...unfinished];
  writeFileSync(OUT, `${JSON.stringify({ device: DEVICE, machine: describeMachine(), parts }, null, 1)}\n`);
}

async function run(precision: string, part: string): Promise<PartDone> {
  const began = performance.now();
  const figures: Figures[] = [];
  const sinceBegun = (): number => (performance.now() - began) / 1000;
  const child = fork(new URL('./device/runPart.ts', import.meta.url), [], {
    env: { ...process.env, DEVICE, PRECISION: precision, PART: part },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (message) => {
    figures.push(message as Figures);
    write([{ precision, part, seconds: sinceBegun(), failure: 'not at its end', figures }]);
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, 1000 * LIMIT_SECONDS);
  const failure = await new Promise<string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      if (late) resolve(`took longer than ${String(LIMIT_SECONDS)} s`);
      else resolve(code === 0 ? null : `ended with ${signal ?? String(code)}`);
    });
  });
  clearTimeout(timer);
  return { precision, part, seconds: sinceBegun(), failure, figures };
}

mkdirSync(dirname(OUT), { recursive: true });
for (const precision of PRECISIONS) {
  for (const part of PARTS) {
    console.log(`\n== ${DEVICE}, ${precision}: ${part}`);
    const outcome = await run(precision, part);
    done.push(outcome);
    console.log(`   ${outcome.failure ?? 'done'} (${outcome.seconds.toFixed(1)} s)`);
    write([]);
  }
}
process.exitCode = done.some(({ failure }) => failure !== null) ? 1 : 0;
