/** The figures of a bench as a file, bench/results/NAME.json, with the machine they come from. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

const FOLDER = 'bench/results';

export function keep(name: string, figures: object): void {
  const processors = cpus();
  const machine = {
    processor: processors[0]?.model,
    cores: processors.length,
    /** Over the last minute; the bench itself is in it. */
    load: loadavg()[0],
    node: process.version,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim(),
    at: new Date().toISOString(),
  };
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/${name}.json`, `${JSON.stringify({ machine, ...figures }, null, 1)}\n`);
}
