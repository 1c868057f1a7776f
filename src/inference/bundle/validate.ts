/**
 * Validates a manifest: its shape by models/bundle.schema.json, which the training package uses as well, and the consistency of its parts,
 * which a schema cannot express.
 *
 * A problem is a sentence that starts with a place: a JSON pointer into bundle.json.
 */
import { BundleError } from '../errors.js';
import { componentContracts } from './contracts.js';
import type { Component, Manifest, ParameterRange } from './manifest.js';
import { parseShape } from './shape.js';

/**
 * @param text the contents of bundle.json.
 * @throws BundleError that names `file` and every place that is invalid, or only the first one that the schema does not allow.
 */
export function parseManifest(text: string, file: string, every = true): Manifest {
  const manifest = parseShape(text, file, 'bundle', every) as Manifest;
  const disagreements = [
    ...vocabularyProblems(manifest),
    ...rangeProblems(manifest),
    ...placementProblems(manifest),
    ...componentProblems(manifest),
    ...turboProblems(manifest),
  ];
  if (disagreements.length > 0) throw new BundleError(file, disagreements);
  return manifest;
}

/** The parts of a manifest that an adapter has too. */
type Words = Pick<Manifest, 'vocabulary' | 'prompts' | 'placement'>;

export function vocabularyProblems({ vocabulary, prompts }: Words): string[] {
  const { products, defects, trainedPairs, aliases = {} } = vocabulary;
  const problems: string[] = [];
  if (defects.includes(prompts.normal)) {
    problems.push(
      `/vocabulary/defects: lists "${prompts.normal}", which is the word of the normal state (/prompts/normal)`,
    );
  }
  if (products.includes(prompts.nullProduct)) {
    problems.push(
      `/vocabulary/products: lists "${prompts.nullProduct}", which stands for no product (/prompts/nullProduct)`,
    );
  }
  trainedPairs.forEach(([product, defect], i) => {
    if (!products.includes(product))
      problems.push(`/vocabulary/trainedPairs/${String(i)}: product "${product}" is not in /vocabulary/products`);
    if (!defects.includes(defect) && defect !== prompts.normal) {
      problems.push(`/vocabulary/trainedPairs/${String(i)}: defect "${defect}" is not in /vocabulary/defects`);
    }
  });
  for (const [alias, defect] of Object.entries(aliases)) {
    if (!defects.includes(defect))
      problems.push(`/vocabulary/aliases/${alias}: defect "${defect}" is not in /vocabulary/defects`);
  }
  return problems;
}

function rangeProblems({ ranges, defaults, schedule, mask }: Manifest): string[] {
  const problems: string[] = [];
  const bounds: [keyof typeof ranges, ParameterRange][] = Object.entries(ranges) as [
    keyof typeof ranges,
    ParameterRange,
  ][];
  for (const [name, { min, max }] of bounds) {
    const value = defaults[name];
    if (min > max) problems.push(`/ranges/${name}: min ${String(min)} is above max ${String(max)}`);
    else if (value < min || value > max) {
      problems.push(`/defaults/${name}: ${String(value)} is outside /ranges/${name}, ${String(min)} to ${String(max)}`);
    }
  }
  if (ranges.steps.min < 1 || ranges.steps.max > schedule.numTrainTimesteps) {
    problems.push(
      `/ranges/steps: must lie between 1 and /schedule/numTrainTimesteps, ${String(schedule.numTrainTimesteps)}`,
    );
  }
  if (schedule.betaStart > schedule.betaEnd) problems.push('/schedule/betaStart: is above /schedule/betaEnd');
  if (mask.lateTimestep > schedule.numTrainTimesteps)
    problems.push('/mask/lateTimestep: is above /schedule/numTrainTimesteps');
  return problems;
}

/** Measurements must belong to the vocabulary's products and defects. Not all pairs have to be measured. */
export function placementProblems({ placement, vocabulary }: Words): string[] {
  if (placement === undefined) return [];
  const pairs = new Set(vocabulary.products.flatMap((product) => vocabulary.defects.map((d) => `${product}/${d}`)));
  const problems = Object.keys(placement.windows)
    .filter((product) => !vocabulary.products.includes(product))
    .map((product) => `/placement/windows: product "${product}" is not in /vocabulary/products`);
  for (const part of ['shapes', 'scores'] as const) {
    for (const pair of Object.keys(placement[part]).filter((name) => !pairs.has(name))) {
      problems.push(`/placement/${part}: "${pair}" is no <product>/<defect> of /vocabulary`);
    }
  }
  for (const [pair, scores] of Object.entries(placement.scores)) {
    for (const [score, [p5, p25, p50]] of Object.entries(scores)) {
      if (p5 > p25 || p25 > p50) problems.push(`/placement/scores: the percentiles of ${score} of "${pair}" fall`);
    }
  }
  return problems;
}

/** A student is a graph and what it can do. */
function turboProblems({ turbo, components, schedule }: Manifest): string[] {
  const graph = components.turbo_modulation;
  if (turbo === undefined)
    return graph === undefined ? [] : ['/turbo: is missing; it says what /components/turbo_modulation can do'];
  const problems: string[] = [];
  if (graph === undefined) problems.push('/components/turbo_modulation: is missing; /turbo describes it');
  if (components.modulation === undefined)
    problems.push('/components/modulation: is missing; a student takes its place in the denoiser');
  if (schedule.varianceType === 'learned_range') problems.push('/turbo: does not go with a learned variance');
  return problems;
}

/** Each component must have the inputs that the engine feeds and the outputs that it reads. */
function componentProblems(manifest: Manifest): string[] {
  const contracts = componentContracts(manifest);
  return Object.entries(manifest.components).flatMap(([name, component]: [string, Component]) => {
    const contract = contracts[name as keyof typeof contracts];
    const missing = (side: 'inputs' | 'outputs'): string[] =>
      Object.keys(contract[side])
        .filter((tensor) => !component[side].includes(tensor))
        .map(
          (tensor) =>
            `/components/${name}/${side}: "${tensor}" is missing; the engine ${side === 'inputs' ? 'feeds' : 'reads'} it`,
        );
    const unknown = component.inputs
      .filter((tensor) => !(tensor in contract.inputs))
      .map((tensor) => `/components/${name}/inputs: the engine does not know "${tensor}" and cannot feed it`);
    return [...missing('inputs'), ...unknown, ...missing('outputs')];
  });
}
