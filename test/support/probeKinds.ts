/** How places in the schema are tried with another tenant's things: by id and by code. */

export const NOBODYS = '00000000-0000-7000-8000-000000000000';

export interface Owned {
  readonly generation: string;
  readonly sample: string;
  readonly reference: string;
  readonly mask: string;
  readonly donor: string;
  readonly upload: string;
  readonly key: string;
  readonly export: string;
  readonly dataSet: string;
  readonly training: string;
  readonly webhook: string;
  readonly delivery: string;
  /** The name@version of a model of its own. */
  readonly model: string;
}

export interface Probe {
  /** With the variable $x, the thing that is named. */
  readonly document: string;
  readonly type: string;
  readonly theirs: (owned: Owned) => string;
  /** A thing of the same kind that nobody has: the answer must be the same. Absent where any answer is the asker's own. */
  readonly nobodys?: string;
  /** Where the answer is an error: its code. */
  readonly code?: string;
}

export const byId = (document: string, theirs: Probe['theirs']): Probe => ({
  document,
  type: 'ID!',
  theirs,
  nobodys: NOBODYS,
  code: 'NOT_FOUND',
});
export const byCode = (document: string, theirs: string, code = 'NOT_FOUND'): Probe => ({
  document,
  type: 'String!',
  theirs: () => theirs,
  nobodys: 'NOBODYS',
  code,
});

/** Names a model that the owner uploaded. */
export const ofModel = (document: string): Probe => ({
  document,
  type: 'String!',
  theirs: ({ model }) => model,
  nobodys: 'nobodys@1.0.0',
  code: 'UNKNOWN_MODEL',
});
