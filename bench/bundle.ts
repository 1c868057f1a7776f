/** The bundle in models/, which every bench draws with. */
const NAME = 'surfaces-small';
const VERSION = '0.5.0';

export const BUNDLE_NAME = `${NAME}@${VERSION}`;
export const BUNDLE = `models/${NAME}/${VERSION}`;

/** Floating-point operations of one sample's step: three rows over two backgrounds, as bench/engine/reference.py counts them. */
export const FLOPS_PER_SAMPLE = 3_363_569_664;
