/**
 * What the mark costs an image, and how long it holds the event loop: the same PNG file in turn without a mark, with XMP
 * alone, and with a C2PA manifest, on the thread that the service uses. Milliseconds until the answer, of processor time
 * (whole process), and of the longest turn of the event loop.
 *
 *   npm run bench:marking               (ROUNDS=40 IMAGES=10 SIZE=256)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import sharp from 'sharp';
import type * as Certificate from '../src/marking/selfMadeCertificate.js';
import type * as Thread from '../src/marking/markingThread.js';
import { importBuilt } from './importBuilt.ts';
import { saveResults } from './saveResults.ts';
import { formatSpread, spread } from './statistics.ts';

const { createMarkingThread } = await importBuilt<typeof Thread>('marking/markingThread.js');
const { readOrCreateCertificate } = await importBuilt<typeof Certificate>('marking/selfMadeCertificate.js');

const setting = (name: string, fallback: number): number => Number(process.env[name] ?? fallback);
const [ROUNDS, IMAGES, SIZE] = [setting('ROUNDS', 40), setting('IMAGES', 10), setting('SIZE', 256)];

const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-marking-'));
const signing = await readOrCreateCertificate(join(folder, 'marking'));
rmSync(folder, { recursive: true });
const png = await sharp('test/photographs/fabric.png').resize(SIZE, SIZE).png().toBuffer();
const generator = { name: 'DefectDiffu', version: 'bench' };
const provenance = { sampleId: 'bench', sourceType: 'trainedAlgorithmicMedia', model: 'bench@1.0.0' } as const;
const kinds: Record<string, Thread.MarkImages> = {
  'no mark': async (images) => images,
  XMP: createMarkingThread({ generator, signing: null }),
  'XMP and C2PA': createMarkingThread({ generator, signing }),
};

const figures = Object.keys(kinds).map((name) => ({ name, ms: [] as number[], cpu: [] as number[], bytes: 0 }));
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
// Two rounds unmeasured: the threads start, and code is compiled.
for (let round = -2; round < ROUNDS; round++) {
  if (round === 0) delay.reset();
  for (const figure of figures) {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    const marked = await kinds[figure.name]?.(Array<Buffer>(IMAGES).fill(png), provenance);
    const { user, system } = process.cpuUsage(cpu);
    figure.bytes = (marked?.[0]?.byteLength ?? 0) - png.byteLength;
    if (round < 0) continue;
    figure.ms.push((performance.now() - began) / IMAGES);
    figure.cpu.push((user + system) / 1000 / IMAGES);
  }
}
delay.disable();

const headlines = Object.fromEntries(
  figures.map(({ name, ms, cpu, bytes }) => [
    name,
    `${formatSpread(spread(ms), 2)} ms an image, ${formatSpread(spread(cpu), 2)} ms of processor time, ${String(bytes)} bytes`,
  ]),
);
headlines['longest turn of the event loop'] = `${(delay.max / 1e6).toFixed(1)} ms (the timer alone: about 1)`;
for (const [what, said] of Object.entries(headlines)) console.log(`${what}: ${said}`);
saveResults('marking', { figures, delayMs: delay.max / 1e6 }, headlines);
