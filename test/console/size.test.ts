/** The whole console is small enough for slow networks. */
import { globSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { CONSOLE_DIST, buildConsole } from '../support/chromium.js';

const MAXIMUM_BYTES = 400_000;

test('the console has at most 400 kB, compressed with gzip', () => {
  buildConsole();
  const files = globSync(`${CONSOLE_DIST}/**/*.{html,js,css,svg}`).filter((name) => !name.includes('graphiql'));
  const bytes = files.reduce((sum, name) => sum + gzipSync(readFileSync(name)).length, 0);
  expect(files.length).toBeGreaterThan(10);
  expect(bytes).toBeLessThanOrEqual(MAXIMUM_BYTES);
});
