/**
 * Checks an unpacked bundle as it is checked at the start of the service, and beyond that what only the operator may bring: other
 * operators, other files, other tokenizers, and sizes of any kind. Nothing of it is run.
 */
import { webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinNames, quote } from '../errors.js';
import type { Bundle, BundleFile, Component, Manifest, Variant } from '../inference/index.js';
import { BundleError, checkBundleGraph, parseManifest } from '../inference/index.js';
import { boundedManifest } from './boundedManifest.js';
import { BUNDLE_MANIFEST } from './bundleFolder.js';

const BOUNDS = {
  '/image/width': [8, 512],
  '/image/height': [8, 512],
  '/latent/channels': [1, 64],
  '/latent/width': [1, 128],
  '/latent/height': [1, 128],
  '/schedule/numTrainTimesteps': [1, 10_000],
  '/tokenizer/contextLength': [1, 128],
} as const;
/** Every phrase repeats them. */
const MAX_PROMPT_LENGTH = 200;
const MAX_TOKENIZER_BYTES = 1024 * 1024;
/** What `defectdiffu-train export` writes for a model with words of its own. Others can have regular expressions, which may take for ever. */
const TOKENIZER = { model: 'WordLevel', normalizer: 'Lowercase', pre_tokenizer: 'WhitespaceSplit' } as const;

/**
 * @param files the names of the files in the folder
 * @throws BundleError, ServiceError MODEL_INVALID
 */
export async function checkBundle(folder: string, files: readonly string[]): Promise<{ bundle: Bundle; text: string }> {
  const text = await readFile(join(folder, BUNDLE_MANIFEST), 'utf8');
  boundedManifest(text, BUNDLE_MANIFEST);
  const manifest = parseManifest(text, BUNDLE_MANIFEST, false);
  const problems = [...sizeProblems(manifest), ...promptProblems(manifest), ...vocabularyProblems(manifest)];
  const listed = listedFiles(manifest);
  const unknown = files.filter((name) => name !== BUNDLE_MANIFEST && !listed.has(name));
  if (unknown.length > 0) problems.push(`/components: names no ${joinNames(unknown)}, which the archive has`);
  if (problems.length > 0) throw new BundleError(BUNDLE_MANIFEST, problems.slice(0, 10));
  for (const [name, check] of listed) {
    if (!files.includes(name)) throw new BundleError(BUNDLE_MANIFEST, [`names ${quote(name)}, which the archive has not`]);
    await check(await readFile(join(folder, name)));
  }
  const { name, version } = manifest;
  return { bundle: { id: `${name}@${version}`, name, version, directory: folder, manifest }, text };
}

type Check = (bytes: Buffer) => Promise<void>;

/** Each file that the manifest names, with what must be true of its contents. */
function listedFiles({ components, tokenizer }: Manifest): ReadonlyMap<string, Check> {
  const listed = new Map<string, Check>();
  listed.set(tokenizer.file, async (bytes) => {
    await requireSha256(tokenizer.file, bytes, tokenizer.sha256);
    checkTokenizer(tokenizer.file, bytes);
  });
  for (const [place, component] of Object.entries(components)) {
    for (const variant of component.variants) {
      const donor = donorOf(variant, component);
      if (donor === null)
        throw new BundleError(BUNDLE_MANIFEST, [
          `/components/${place}: ${quote(variant.file)} stores weights in files other than the component's fp32 graph; leave this variant out, or export without --external-data`,
        ]);
      listed.set(variant.file, async (bytes) => {
        await requireSha256(variant.file, bytes, variant.sha256);
        checkBundleGraph(variant.file, bytes, component, donor);
      });
    }
  }
  return listed;
}

/** The file that a variant takes weights from: the component's fp32 graph. Undefined if it has its own, null for other files. */
function donorOf({ file, externalData = [] }: Variant, { variants }: Component): BundleFile | undefined | null {
  const [data, ...others] = externalData;
  if (data === undefined) return undefined;
  const whole = variants.find(({ precision, externalData: other = [] }) => precision === 'fp32' && other.length === 0);
  const isWhole = whole?.file === data.file && whole.sha256 === data.sha256 && whole.bytes === data.bytes;
  return isWhole && others.length === 0 && file !== data.file ? whole : null;
}

/** Off this thread: a file can have a hundred megabytes. */
async function requireSha256(file: string, bytes: Buffer, expected: string): Promise<void> {
  const digest = await webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  const found = Buffer.from(digest).toString('hex');
  if (found !== expected)
    throw new BundleError(file, [`has the SHA-256 ${found}; bundle.json says ${expected}; zip the folder again`]);
}

function checkTokenizer(file: string, bytes: Buffer): void {
  if (bytes.byteLength > MAX_TOKENIZER_BYTES)
    throw new BundleError(file, [
      `has ${String(bytes.byteLength)} bytes; at most ${String(MAX_TOKENIZER_BYTES)} are allowed`,
    ]);
  let content: Partial<Record<string, { type?: unknown } | null>>;
  try {
    content = JSON.parse(bytes.toString('utf8')) as typeof content;
  } catch (error) {
    throw new BundleError(file, [`is not JSON: ${(error as Error).message}`], { cause: error });
  }
  const problems = Object.entries(TOKENIZER).flatMap(([part, type]) => {
    const found = content[part]?.type;
    return found === type ? [] : [`/${part}/type: is ${JSON.stringify(found)}, must be ${quote(type)}`];
  });
  if (problems.length > 0) throw new BundleError(file, problems);
}

function sizeProblems(manifest: Manifest): string[] {
  return Object.entries(BOUNDS).flatMap(([place, [min, max]]) => {
    const [, part, name] = place.split('/') as [string, keyof Manifest, string];
    const value = (manifest[part] as unknown as Record<string, number>)[name] ?? NaN;
    if (value >= min && value <= max) return [];
    return [`${place}: is ${String(value)}; ${String(min)} to ${String(max)} are allowed`];
  });
}

function promptProblems({ prompts }: Manifest): string[] {
  return Object.entries(prompts).flatMap(([name, text]: [string, string]) =>
    text.length <= MAX_PROMPT_LENGTH
      ? []
      : [`/prompts/${name}: has ${String(text.length)} characters; at most ${String(MAX_PROMPT_LENGTH)} are allowed`],
  );
}

/** Its trial draws something. */
function vocabularyProblems({ vocabulary: { products, defects } }: Manifest): string[] {
  return products.length > 0 && defects.length > 0 ? [] : ['/vocabulary: has no product, or no defect'];
}
