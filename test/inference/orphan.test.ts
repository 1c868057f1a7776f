/** A device worker never outlives the process that started it, however that one ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const source = (path: string): string => new URL(`../../src/inference/${path}`, import.meta.url).href;

const PARENT = `
  import { openEngine } from '${source('index.ts')}';
  const engine = await openEngine({ modelsDirectory: new URL('${new URL('./models', import.meta.url).href}').pathname, maximumRows: 6 });
  console.log(engine.devices()[0].pid);
  const request = { id: 'a', bundle: 'tiny@1.0.0', product: 'tile', defect: 'crack', seed: 1, strength: 1, productScale: 2, steps: 999,
    sampler: 'DDIM', guidance: 'DOUBLE_FREE', maskMode: 'AVERAGE_FEATURES' };
  for (;;) await engine.generate(request);
`;

/** An orphan that has ended can still be seen until init looks after it, which takes some inits seconds. */
async function isGone(pid: number): Promise<boolean> {
  for (let i = 0; i < 500; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await delay(40);
  }
  return false;
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'when the parent is ended by %s in the middle of a draw, the worker ends too',
  async (signal) => {
    const flags = ['--import', source('device/typescriptLoader.ts'), '--input-type=module', '--eval', PARENT];
    const parent = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const worker = Number(output.toString());
    expect(worker).toBeGreaterThan(0);
    parent.kill(signal);
    expect(await isGone(worker)).toBe(true);
  },
);
