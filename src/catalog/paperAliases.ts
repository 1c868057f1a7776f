/**
 * The unified defect names of the paper (supplement, Table 2): what MVTec AD calls a defect, and the word that it
 * was trained under. Left out: names that stay the same, "flip" of the metal nut (illegible in our copy), and
 * "defective", which is "bent" for a toothbrush and would be misleading for anything else.
 */
export const PAPER_ALIASES: Readonly<Record<string, string>> = {
  poke: 'hole',
  'poke insulation': 'hole',
  glue: 'liquid',
  oil: 'liquid',
  'scratch neck': 'scratch',
  'scratch head': 'scratch',
  'thread top': 'thread',
  'thread side': 'thread',
  'fabric border': 'cut',
  'fabric interior': 'cut',
  'cut inner insulation': 'cut',
  'cut outer insulation': 'cut',
  'cut lead': 'cut',
  'missing cable': 'missing',
  'missing wire': 'missing',
  'bent wire': 'bent',
  'bent lead': 'bent',
  'squeezed teeth': 'squeeze',
  'broken teeth': 'broken',
  'broken small': 'broken',
  'broken large': 'broken',
  'split teeth': 'split',
  'gray stroke': 'color',
};
