/** The bundle in models/ that every bench draws with. */
import type * as Inference from '../src/inference/index.ts';

const NAME = 'surfaces-small';
const VERSION = '0.5.0';

export const BUNDLE_NAME = `${NAME}@${VERSION}`;
export const BUNDLE = `models/${NAME}/${VERSION}`;

export function drawnBundle(engine: Inference.Engine): Inference.Bundle {
  const found = engine.bundles.find(({ id }) => id === BUNDLE_NAME);
  if (found === undefined) throw new Error(`models/ has no ${BUNDLE_NAME}`);
  return found;
}

/** Floating-point operations of one sample's step: three rows over two backgrounds, as bench/engine/reference.py counts them. */
export const FLOPS_PER_SAMPLE = 3_363_569_664;
