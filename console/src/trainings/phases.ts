/** Phases of a training as the training package names them, some with a product or a pair after the name. */
const TEXTS = {
  windows: 'windows',
  'latent cache': 'latentCache',
  replay: 'replay',
  autoencoder: 'autoencoder',
  adversarial: 'adversarial',
  adapter: 'adapter',
  denoiser: 'denoiser',
  segmenter: 'segmenter',
  draw: 'draw',
  detectors: 'detectors',
} as const;

type PhaseText = (typeof TEXTS)[keyof typeof TEXTS];

/** The name of the text of a phase; undefined for one that a newer package has. */
export function phaseText(phase: string): PhaseText | undefined {
  const name = Object.keys(TEXTS).find((one) => phase === one || phase.startsWith(`${one} `));
  return name === undefined ? undefined : TEXTS[name as keyof typeof TEXTS];
}
