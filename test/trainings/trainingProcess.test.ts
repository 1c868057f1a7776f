/** The child process of a training ends, whatever it does, and all that it started with it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from '../../src/log.js';
import type { TrainingLine } from '../../src/trainings/trainer/trainingLine.js';
import { runTraining } from '../../src/trainings/trainer/trainingProcess.js';
import { newFolder } from '../support/server.js';
import { until } from '../support/until.js';

/** The last arguments of the script are those of `work`. */
async function linesOf(script: string, args: readonly string[], silenceMs?: number): Promise<string[]> {
  const parse = (text: string): TrainingLine => ({ type: 'note', message: text });
  const process_ = { command: [process.execPath, '-e', script], threads: 0, parse, log: createLog('silent') };
  const options = { ...process_, ...(silenceMs !== undefined && { silenceMs }) };
  const lines: string[] = [];
  for await (const line of runTraining(options, args, new AbortController().signal)) lines.push(line.type);
  return lines;
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${String(pid)}/stat`) && !isZombie(pid);
const isZombie = (pid: number): boolean => readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');

test('one that is killed ends with the processes that it started, although they hold its output open', async () => {
  const file = join(newFolder(), 'pid');
  const script = `
    const { pid } = require('node:child_process').spawn('sleep', ['300'], { stdio: 'inherit' });
    require('node:fs').writeFileSync(process.argv[2], String(pid));
    process.kill(process.pid, 'SIGKILL');`;
  await expect(linesOf(script, [file])).rejects.toThrow('the training process ended with SIGKILL');
  await until(() => !isAlive(Number(readFileSync(file, 'utf8'))));
});

test('one that writes nothing any more is ended', async () => {
  const script = `console.log('begins'); setInterval(() => undefined, 1000);`;
  await expect(linesOf(script, [], 500)).rejects.toThrow('the training process wrote no line for 500 ms');
});
