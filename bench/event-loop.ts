/**
 * How long is the server deaf while it draws? Starts the service, polls it over HTTP while generations run, and
 * prints the worst turn of the server's event loop and the answer times that a client sees.
 *
 *   npm run bench:event-loop            (the default model; COUNT=8, GENERATIONS=4)
 */
import { saveResults } from './saveResults.ts';
import { GENERATE, startServer } from './server.ts';
import { quantile } from './statistics.ts';

const COUNT = Number(process.env['COUNT'] ?? 8);
const GENERATIONS = Number(process.env['GENERATIONS'] ?? 4);
const BOUND_MS = 50;

const server = await startServer();
const { ask, probe } = server;

try {
  const { products } = await ask(
    '{ products { edges { node { partNumber pairs { edges { node { coverage defect { code } } } } } } } }',
  );
  const pairs: { partNumber: string; defectCode: string }[] = [];
  for (const { node } of products.edges) {
    for (const { coverage, defect } of node.pairs.edges.map((edge: { node: object }) => edge.node)) {
      if (coverage === 'TRAINED') pairs.push({ partNumber: node.partNumber, defectCode: defect.code });
    }
  }
  // Once unmeasured: code that runs for the first time is compiled.
  await ask(GENERATE, { input: [{ ...pairs[0], count: 1 }] });
  await untilIdle();
  await probe();

  const started = performance.now();
  await ask(GENERATE, {
    input: Array.from({ length: GENERATIONS }, (_, i) => ({ ...pairs[i % pairs.length], count: COUNT })),
  });
  const answers = await untilIdle();
  const seconds = (performance.now() - started) / 1000;
  const { lateMs, ownMs } = await probe();
  const at = (share: number): string => quantile(answers, share).toFixed(1);

  console.log(`${String(GENERATIONS)} generations of ${String(COUNT)} samples in ${seconds.toFixed(1)} s`);
  console.log(`longest stretch of the server's own work in one turn: ${ownMs.toFixed(1)} ms`);
  console.log(`latest turn, waiting for the processor included: ${lateMs.toFixed(1)} ms late`);
  console.log(
    `answers meanwhile (${String(answers.length)}): median ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`,
  );
  console.log(
    ownMs <= BOUND_MS ? `never blocked above ${String(BOUND_MS)} ms` : `BLOCKED above ${String(BOUND_MS)} ms`,
  );
  saveResults(
    'event-loop',
    { generations: GENERATIONS, count: COUNT, seconds, ownMs, lateMs, answers },
    {
      'longest turn of the event loop': `${ownMs.toFixed(1)} ms of its own work, ${lateMs.toFixed(1)} ms late`,
      'answers while drawing': `median ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    },
  );
} finally {
  await server.stop();
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
