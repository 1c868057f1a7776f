/** The figures of a bench as a file, bench/results/NAME.json, with the machine they come from. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

const FOLDER = 'bench/results';

export interface SavedResults {
  readonly machine: { readonly commit: string | null; readonly load: number };
  /** The lines for the summary of all benches. */
  readonly headlines: Record<string, string>;
}

/** Where and when figures were measured. */
export function describeMachine(): object {
  const processors = cpus();
  return {
    processor: processors[0]?.model,
    cores: processors.length,
    /** Over the last minute; the bench itself is in it. */
    load: loadavg()[0],
    node: process.version,
    commit: commitOf(),
    at: new Date().toISOString(),
  };
}

/** `null` where what runs is a copy without its history. */
function commitOf(): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return null;
  }
}

/** @param figures under names of their own, beside `machine` and `headlines` */
export function saveResults<T extends object>(
  name: string,
  figures: T & { readonly machine?: never; readonly headlines?: never },
  headlines: Record<string, string>,
): void {
  mkdirSync(FOLDER, { recursive: true });
  const kept = { machine: describeMachine(), headlines, ...figures };
  writeFileSync(`${FOLDER}/${name}.json`, `${JSON.stringify(kept, null, 1)}\n`);
}

export const readResults = (name: string): SavedResults =>
  JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')) as SavedResults;
