/**
 * Adapters: a product and its defects, learnt beside a bundle (the base) whose files stay as they are. An adapter has a folder of its own,
 * <name>/<version>/ with adapter.json, and is presented as a bundle that has the base's graphs and its own words.
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { BundleError } from '../errors.js';
import { fillPrompts } from '../method/prompts.js';
import { requireFolderNames, verifyAdapter } from './files.js';
import type { Adapter, Bundle, ComponentName, Manifest, Turbo } from './manifest.js';
import { parseShape } from './shape.js';
import { placementProblems, vocabularyProblems } from './validate.js';

/** adapter.json, as models/adapter.schema.json describes it. */
export interface AdapterManifest
  extends
    Pick<Manifest, 'name' | 'version' | 'description' | 'license' | 'vocabulary' | 'placement' | 'provenance'>,
    Pick<Adapter, 'modulation' | 'phrases'> {
  readonly base: {
    readonly name: string;
    readonly version: string;
    /** Component → SHA-256 of its fp32 graph. */
    readonly graphs: Readonly<Partial<Record<ComponentName, string>>>;
  };
}

/**
 * @param file adapter.json, an absolute path
 * @param bundles those of the same models directory
 * @throws BundleError, also if the base is not there or is another than the one that the adapter was trained on
 */
export async function loadAdapter(file: string, bundles: readonly Bundle[]): Promise<Bundle> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new BundleError(file, [`cannot be read: ${(error as Error).message}`], { cause: error });
  });
  const bundle = parseAdapter(text, { file, directory: dirname(file), bundles });
  requireFolderNames(bundle, file);
  await verifyAdapter(bundle.adapter);
  return bundle;
}

export interface AdapterPlace {
  /** What messages call adapter.json. */
  readonly file: string;
  /** The folder of its graph, absolute. */
  readonly directory: string;
  /** The bundles that it can belong to. */
  readonly bundles: readonly Bundle[];
}

/**
 * Checks everything but the graph.
 * @param text the contents of adapter.json
 * @throws BundleError
 */
export function parseAdapter(
  text: string,
  { file, directory, bundles }: AdapterPlace,
): Bundle & { readonly adapter: Adapter } {
  const own = parseShape(text, file, 'adapter') as AdapterManifest;
  const base = findBase(own, file, bundles);
  const bundle = adapterBundle(own, base, directory);
  const { manifest } = bundle;
  const problems = [...vocabularyProblems(manifest), ...placementProblems(manifest), ...phraseProblems(own, manifest)];
  if (problems.length > 0) throw new BundleError(file, problems);
  return bundle;
}

/** An adapter that was checked before, as a bundle. @param directory the folder of its graph, absolute */
export function adapterBundle(
  own: AdapterManifest,
  base: Bundle,
  directory: string,
): Bundle & { readonly adapter: Adapter } {
  const { name, version, description, license, vocabulary, placement, provenance, modulation, phrases } = own;
  const { formatVersion, image, latent, schedule, prompts, defaults, ranges, mask, tokenizer, components, turbo } =
    base.manifest;
  const manifest: Manifest = {
    ...{ formatVersion, image, latent, schedule, prompts, defaults, ranges, mask, tokenizer, components },
    name,
    version,
    license,
    vocabulary,
    provenance,
    ...(description === undefined ? {} : { description }),
    ...(placement === undefined ? {} : { placement }),
    ...(turbo === undefined ? {} : { turbo: studentOf(turbo) }),
  };
  const adapter = { base: base.id, directory, modulation, phrases };
  return { id: `${name}@${version}`, name, version, directory: base.directory, manifest, adapter };
}

/** What the base's student can do. How well it draws was measured on words that the adapter does not have. */
function studentOf({ steps, strength, productScale }: Turbo): Turbo {
  return { steps, strength, productScale };
}

/** The bundle with whose graphs an adapter was trained, of those that have its name. Undefined if it is not there. */
export function baseOfAdapter({ base }: Pick<AdapterManifest, 'base'>, bundles: readonly Bundle[]): Bundle | undefined {
  const id = `${base.name}@${base.version}`;
  return bundles.find((bundle) => bundle.id === id && otherGraphs(base, bundle).length === 0);
}

function otherGraphs({ graphs }: AdapterManifest['base'], { manifest }: Bundle): OtherGraph[] {
  return Object.entries(graphs).flatMap(([component, expected]) => {
    const variants = manifest.components[component as ComponentName]?.variants ?? [];
    const found = variants.find(({ precision }) => precision === 'fp32')?.sha256;
    return found === expected ? [] : [{ component, expected, found }];
  });
}

interface OtherGraph {
  readonly component: string;
  readonly expected: string;
  readonly found: string | undefined;
}

function findBase({ base: trainedOn }: AdapterManifest, file: string, bundles: readonly Bundle[]): Bundle {
  const id = `${trainedOn.name}@${trainedOn.version}`;
  const base = bundles.find((bundle) => bundle.id === id);
  if (base === undefined) {
    const there = bundles.map((bundle) => bundle.id).join(', ');
    throw new BundleError(file, [
      `/base: belongs to the bundle ${id}, which is not in the models directory (${there})`,
    ]);
  }
  const problems = otherGraphs(trainedOn, base).map(
    ({ component, expected, found }) =>
      `/base/graphs/${component}: was trained on the graph with SHA-256 ${expected}, ${id} has ${String(found)}; train the adapter again`,
  );
  if (problems.length > 0) throw new BundleError(file, problems);
  return base;
}

/** Every prompt that a request can fill has an embedding, and all embeddings have one width. */
function phraseProblems({ phrases }: AdapterManifest, { vocabulary, prompts }: Manifest): string[] {
  const needed = [...vocabulary.products, null].flatMap((product) =>
    [prompts.normal, ...vocabulary.defects].flatMap((defect) =>
      Object.values(fillPrompts(prompts, { defect, product })),
    ),
  );
  const missing = [...new Set(needed as string[])].filter((phrase) => phrases[phrase] === undefined);
  const [first] = Object.values(phrases);
  const uneven = Object.keys(phrases).filter((phrase) => phrases[phrase]?.length !== first?.length);
  return [
    ...missing.map((phrase) => `/phrases: "${phrase}" is missing; export the adapter again`),
    ...uneven.map((phrase) => `/phrases/${phrase}: has another number of values than the other phrases`),
  ];
}
