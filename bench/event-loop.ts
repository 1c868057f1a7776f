/**
 * How long is the server deaf while it draws? Starts the service, polls it over HTTP while generations run, and
 * prints the worst turn of the server's event loop and the answer times that a client sees.
 *
 *   npm run bench:event-loop            (the default model; COUNT=8, GENERATIONS=4)
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KEY = 'a-key-for-the-bench';
const COUNT = Number(process.env['COUNT'] ?? 8);
const GENERATIONS = Number(process.env['GENERATIONS'] ?? 4);
const BOUND_MS = 50;

const dataDirectory = mkdtempSync(join(tmpdir(), 'defectdiffu-bench-'));
const server = spawn(process.execPath, ['--import', './bench/loopProbe.ts', 'dist/main.js'], {
  env: { ...process.env, PORT: '0', DATA_DIR: dataDirectory, DEFECTDIFFU_API_KEY: KEY },
  stdio: ['ignore', 'pipe', 'inherit'],
});

let printed = '';
const url = await new Promise<string>((resolve, reject) => {
  server.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    const found = /DefectDiffu serves (\S+)/.exec(printed)?.[1];
    if (found !== undefined) resolve(found);
  });
  server.once('exit', () => reject(new Error(`the service did not start:\n${printed}`)));
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function ask(query: string, variables: object = {}): Promise<any> {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const { data, errors } = (await response.json()) as any;
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

/** The worst turn of the server's event loop since the last call. */
async function probe(): Promise<{ lateMs: number; ownMs: number }> {
  printed = '';
  server.kill('SIGUSR2');
  for (;;) {
    const found = /probe (\{.*\})/.exec(printed)?.[1];
    if (found !== undefined) return JSON.parse(found) as { lateMs: number; ownMs: number };
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

try {
  const { products } = await ask('{ products { edges { node { partNumber defects { coverage defect { code } } } } } }');
  const pairs: { partNumber: string; defectCode: string }[] = [];
  for (const { node } of products.edges) {
    for (const { coverage, defect } of node.defects) {
      if (coverage === 'TRAINED') pairs.push({ partNumber: node.partNumber, defectCode: defect.code });
    }
  }
  // Once unmeasured: code that runs for the first time is compiled.
  const draw = 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }';
  await ask(draw, { input: [{ ...pairs[0], count: 1 }] });
  await untilIdle();
  await probe();

  const started = performance.now();
  await ask(draw, {
    input: Array.from({ length: GENERATIONS }, (_, i) => ({ ...pairs[i % pairs.length], count: COUNT })),
  });
  const answers = await untilIdle();
  const seconds = (performance.now() - started) / 1000;
  const { lateMs, ownMs } = await probe();
  answers.sort((a, b) => a - b);

  console.log(`${String(GENERATIONS)} generations of ${String(COUNT)} samples in ${seconds.toFixed(1)} s`);
  console.log(`longest stretch of the server's own work in one turn: ${ownMs.toFixed(1)} ms`);
  console.log(`latest turn, waiting for the processor included: ${lateMs.toFixed(1)} ms late`);
  console.log(
    `answers meanwhile (${String(answers.length)}): median ${at(answers, 0.5)} ms, p99 ${at(answers, 0.99)} ms, max ${at(answers, 1)} ms`,
  );
  console.log(
    ownMs <= BOUND_MS ? `never blocked above ${String(BOUND_MS)} ms` : `BLOCKED above ${String(BOUND_MS)} ms`,
  );
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(dataDirectory, { recursive: true, force: true });
}

/** Polls until nothing is queued or running; gives the time each answer took. */
async function untilIdle(): Promise<number[]> {
  const answers: number[] = [];
  for (;;) {
    const before = performance.now();
    const { generations } = await ask(
      '{ generations(first: 1, filter: { status: [QUEUED, RUNNING] }) { edges { node { id } } } }',
    );
    answers.push(performance.now() - before);
    if (generations.edges.length === 0) return answers;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
}
