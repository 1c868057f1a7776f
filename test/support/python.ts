/** Runs Python programs with the training package's environment, which has the development tools of both halves. */
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Json } from './server.js';

const CANDIDATES = ['training/.venv/bin/python', 'python3'];

/** A Python that can import all of these modules; undefined if there is none here. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  const program = `import ${modules.join(', ')}`;
  return CANDIDATES.find((command) => spawnSync(command, ['-c', program], { stdio: 'ignore' }).status === 0);
}

/** The JSON that a program prints. */
export async function runPython(command: string, file: string, ...args: string[]): Promise<Json> {
  const child = spawn(command, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode !== 0 && stdout === '') throw new Error(`${file} failed:\n${stderr}`);
  return JSON.parse(stdout);
}
