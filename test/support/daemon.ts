/** A server program beside the tests: started, waited for, paused, killed; never left behind by a test that ends. */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** For a busy machine. */
const START_MS = 300_000;
const running = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of running) for (const pid of family(child)) signal(pid, 'SIGKILL');
});

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly options?: SpawnOptions;
  /** Everything it prints goes there. */
  readonly logFile: string;
  /** Throws until the program does its work. */
  isUp(): Promise<unknown>;
}

export async function startDaemon({ command, args, options, logFile, isUp }: Program): Promise<ChildProcess> {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { ...options, stdio: ['ignore', log, log] });
  closeSync(log);
  await once(child, 'spawn');
  running.add(child);
  child.once('exit', () => running.delete(child));
  for (const deadline = Date.now() + START_MS; ; await delay(50)) {
    const up = await isUp().then(
      () => true,
      () => false,
    );
    if (hasEnded(child)) throw new Error(`${command} did not start:\n${readFileSync(logFile, 'utf8')}`);
    if (up) return child;
    if (Date.now() > deadline) {
      await endDaemon(child, 'SIGKILL');
      throw new Error(`${command} does not answer:\n${readFileSync(logFile, 'utf8')}`);
    }
  }
}

/** Resolves when it has ended; SIGKILL takes its children along, for they get no word of it. */
export async function endDaemon(child: ChildProcess, how: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  if (how === 'SIGKILL') for (const pid of family(child)) signal(pid, 'SIGKILL');
  else child.kill(how);
  await ended;
}

/** It keeps its sockets open and answers nothing, as a machine that hangs. */
export function pauseDaemon(child: ChildProcess): void {
  for (const pid of family(child)) signal(pid, 'SIGSTOP');
}

export function resumeDaemon(child: ChildProcess): void {
  for (const pid of family(child)) signal(pid, 'SIGCONT');
}

/** For the next program to listen on, which may listen there again after it was killed. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** The process, then those it started: PostgreSQL has one for each connection, each in a session of its own. */
function family({ pid }: ChildProcess): number[] {
  if (pid === undefined) return [];
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const children = lines.map((line) => line.trim().split(/\s+/).map(Number)).filter(([, parent]) => parent === pid);
  return [pid, ...children.map(([child]) => child ?? pid)];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself meanwhile.
  }
}
