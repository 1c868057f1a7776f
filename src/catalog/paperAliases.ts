/**
 * The unified defect names of the paper (supplement, Table 2): MVTec AD's name of a defect, and the word that it was
 * trained under. Omitted: unchanged names; "flip" of the metal nut, which is illegible in our copy; and "defective",
 * which means "bent" for a toothbrush and would mislead for anything else.
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
