/** When a process trains, and what it says when it cannot. */
import { readConfig } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { runTraining } from '../../src/trainings/trainer/trainingProcess.js';
import { runToEnd } from '../support/server.js';

const DATABASE = { DATABASE_URL: 'postgres://defectdiffu:x@127.0.0.1/defectdiffu' };

test('a trainer has a command, other processes only if they are all in one and are given one', () => {
  const { trainer } = readConfig({ ...DATABASE, ROLE: 'trainer', TRAINER_THREADS: '3' });
  expect(trainer).toEqual({
    command: [expect.stringMatching(/training\/\.venv\/bin\/defectdiffu-train$/)],
    threads: 3,
  });
  expect(readConfig({}).trainer).toBeUndefined();
  expect(readConfig({ TRAINER_COMMAND: 'python3  -m defectdiffu' }).trainer).toEqual({
    command: ['python3', '-m', 'defectdiffu'],
    threads: 0,
  });
});

test.each([
  [{ ROLE: 'trainer' }, 'ROLE: "trainer" needs DATABASE_URL'],
  [{ ...DATABASE, ROLE: 'api', TRAINER_COMMAND: 'x' }, 'TRAINER_COMMAND: "api" does not train'],
  [{ TRAINER_THREADS: 'many' }, 'TRAINER_THREADS: "many" is not a whole number in 0 … 1024'],
])('settings that do not fit are refused: %j', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});

test('a start whose program is not there says how to get it', async () => {
  const { code, stderr } = await runToEnd({ TRAINER_COMMAND: '/nowhere/defectdiffu-train' });
  expect(code).toBe(1);
  expect(stderr).toContain('TRAINER_COMMAND: there is no program "/nowhere/defectdiffu-train"');
});

test('a program that goes away later is a crash of its training', async () => {
  const process = { command: ['no-such-program'], threads: 0, parse: () => fail(), log: createLog('silent') };
  const lines = runTraining(process, [], new AbortController().signal);
  await expect(lines.next()).rejects.toThrow('the training process ended');
});

function fail(): never {
  throw new Error('there is nothing to read');
}
