/** The demo transplants a defect onto a photograph of a product that the service has never heard of. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../src/demo/options.js';
import { startProgram } from './support/program.js';
import { TEST_KEY, startServer } from './support/server.js';

const COOKIES = 'examples/cookie/data/cookie';
const IMAGES = [
  '--on',
  `${COOKIES}/train/good/002.jpg`,
  '--defect-photograph',
  `${COOKIES}/test/broken/001.jpg`,
  '--defect-mask',
  `${COOKIES}/ground_truth/broken/001_mask.png`,
];

test('two photographs and a mask become samples', async () => {
  const server = await startServer();
  const out = mkdtempSync(join(tmpdir(), 'defectdiffu-demo-'));
  const run = async (part: string) => {
    const args = ['--part', part, '--defect', 'BROKEN', ...IMAGES, '--count', '2', '--seed', '7', '--out', out];
    const demo = startProgram('demo/main.js', args, { DEFECTDIFFU_API_KEY: TEST_KEY, DEFECTDIFFU_URL: server.url });
    const output: string[] = [];
    for (const stream of [demo.stdout, demo.stderr])
      stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    const [code] = (await once(demo, 'close')) as [number];
    return [code, output.join('')] as const;
  };
  const [code, output] = await run('COOKIE');
  expect([code, output]).toEqual([0, expect.stringContaining('Added to the catalog: COOKIE, BROKEN')]);
  expect(output).toContain('Transplanting 2 × BROKEN on COOKIE (UNSUPPORTED)');
  const slip = 'There is no product "cookie"; did you mean "COOKIE"? Case matters.';
  expect(await run('cookie')).toEqual([1, expect.stringContaining(slip)]);
  const kinds = readdirSync(out).map((name) => name.replace(/^COOKIE_BROKEN_\w{8}_00\d_/, ''));
  expect(kinds.sort()).toEqual(['image.png', 'image.png', 'mask.png', 'mask.png', 'overlay.png', 'overlay.png']);
});

test('the demo says which of its options a transplant needs', () => {
  const failure =
    (...args: string[]) =>
    () =>
      readOptions(args, { DEFECTDIFFU_API_KEY: 'key' });
  expect(failure('--defect-mask', 'mask.png')).toThrow('Give --defect-photograph and --defect-mask together.');
  expect(failure(...IMAGES)).toThrow('A transplant also needs --part, --defect, and --on');
});
