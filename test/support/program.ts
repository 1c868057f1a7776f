/** Starts the programs of the service in processes of their own, as they are run in production. */
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export type Program = ChildProcessByStdio<null, Readable, Readable>;

/** Starts in two thirds of the time: PGlite's WebAssembly is compiled once and fast, instead of twice and well. */
const FLAGS = ['--liftoff-only'];
const COMPILE_CACHE = join(process.cwd(), 'node_modules', '.cache', 'defectdiffu', 'compiled');

/** @param path below dist/. The environment is `env` alone, whatever this process runs with. */
export function startProgram(path: string, args: readonly string[], env: Record<string, string>): Program {
  // Set by `npm run coverage`: processes that end by themselves write there what they ran.
  const coverage = process.env['TEST_COVERAGE_DIRECTORY'];
  return spawn(process.execPath, [...FLAGS, join('dist', path), ...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: tmpdir(),
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...(coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Ends it without leaving time for anything, except to write its coverage where that is measured. */
export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(process.env['TEST_COVERAGE_DIRECTORY'] === undefined ? 'SIGKILL' : 'SIGTERM');
  await once(child, 'exit');
}
