/** The figures of a bench as a file, bench/results/NAME.json, with the machine they come from. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

const FOLDER = 'bench/results';

export interface Kept {
  readonly machine: { readonly commit: string; readonly load: number };
  /** What stands in the summary of all benches. */
  readonly headlines: Record<string, string>;
}

export function keep(name: string, figures: object, headlines: Record<string, string>): void {
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
  writeFileSync(`${FOLDER}/${name}.json`, `${JSON.stringify({ machine, headlines, ...figures }, null, 1)}\n`);
}

export const keptOf = (name: string): Kept => JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')) as Kept;
