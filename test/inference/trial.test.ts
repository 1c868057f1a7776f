/** The first drawing with a bundle that somebody brought: in a process of its own, with bounds. */
import { loadBundles, tryBundle } from '../../src/inference/index.js';
import { STUDENT_MODELS } from './studentAdapters.js';

const MIB = 2 ** 20;

test('tells the memory that a bundle takes, and refuses more than is allowed', async () => {
  const [student] = await loadBundles(STUDENT_MODELS);
  if (student === undefined) throw new Error('there is no student');
  const bundle = { ...student, id: 'mine@1.0.0 1' };
  const bytes = await tryBundle(bundle, { seconds: 60, bytes: 1024 * MIB });
  expect(bytes).toBeGreaterThan(MIB);
  await expect(tryBundle(bundle, { seconds: 60, bytes: MIB })).rejects.toThrow(
    /takes \d+ MiB of memory to draw 4 samples/,
  );
  await expect(tryBundle(bundle, { seconds: 0.01, bytes: 1024 * MIB })).rejects.toThrow('of processor time to open');
  const broken = { ...bundle, manifest: { ...bundle.manifest, latent: { ...bundle.manifest.latent, width: 64 } } };
  await expect(tryBundle(broken, { seconds: 60, bytes: 1024 * MIB })).rejects.toThrow(
    'in the graph; the manifest says',
  );
});
