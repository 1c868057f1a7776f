/** The bundle in models/: what the tests on real weights draw with. */
import { fileURLToPath } from 'node:url';

const NAME = 'surfaces-small';
const VERSION = '0.5.0';

/** As a request and a golden folder name it. */
export const DEFAULT_BUNDLE = `${NAME}@${VERSION}`;

/** Path of its manifest. */
export const defaultManifest = fileURLToPath(new URL(`../../models/${NAME}/${VERSION}/bundle.json`, import.meta.url));

/** What the training package drew with it from noise, and on a photograph; absolute paths, without a slash at the end. */
export const goldenSamples = golden('samples');
export const goldenPhotographs = golden('photographs');

function golden(kind: string): string {
  return fileURLToPath(new URL(`../inference/golden/${kind}/${DEFAULT_BUNDLE}`, import.meta.url));
}
