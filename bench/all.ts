/** Every bench in turn, each in a process of its own, and what they say in one table (npm run bench). */
import { spawnSync } from 'node:child_process';
import { readResults } from './saveResults.ts';

const BENCHES = [
  'engine',
  'alone',
  'photograph',
  'models',
  'start',
  'service',
  'load',
  'simulation',
  'growth',
  'queue',
  'samples',
  'marking',
  'catalog',
  'fairness',
  'tenants',
  'event-loop',
];

const failed: string[] = [];
for (const bench of BENCHES) {
  console.log(`\n== ${bench}`);
  const { status } = spawnSync(process.execPath, [`bench/${bench}.ts`], { stdio: 'inherit' });
  if (status !== 0) failed.push(bench);
}

console.log('\n== summary\n\n| Bench | What | Result |\n| --- | --- | --- |');
const loads: number[] = [];
for (const bench of BENCHES.filter((one) => !failed.includes(one))) {
  const { machine, headlines } = readResults(bench);
  loads.push(machine.load);
  for (const [what, said] of Object.entries(headlines)) console.log(`| \`${bench}\` | ${what} | ${said} |`);
}
for (const bench of failed) console.log(`| \`${bench}\` | FAILED | |`);
console.log(
  `\nLoad of the machine at the end of each bench: ${Math.min(...loads).toFixed(1)} … ${Math.max(...loads).toFixed(1)}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
