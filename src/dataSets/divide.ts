/** Decides which members of a data set are for learning and which for testing. */
import { ServiceError, badInput, quote } from '../errors.js';
import type { Candidate } from './candidates.js';
import type { Division } from './dataSetInput.js';
import type { Member } from './insertVersion.js';
import { splitBySource } from './splitBySource.js';

/**
 * @param pinned sources that samples show
 * @throws ServiceError for a list of photographs for testing that names others, or parts of a source
 */
export function divide(
  candidates: readonly Candidate[],
  division: Division,
  pinned: ReadonlySet<string>,
): readonly Member[] {
  if ('testReferenceIds' in division) return asListed(candidates, division.testReferenceIds, pinned);
  const splits = splitBySource(
    candidates.map(({ product, defect, source, sampleId }) => ({
      group: JSON.stringify([product, defect]),
      source,
      isPinned: sampleId !== null || pinned.has(source),
    })),
    division.testShare,
    division.splitSeed,
  );
  return candidates.map((candidate, i) => ({ ...candidate, split: splits[i] ?? 'TRAIN' }));
}

function asListed(
  candidates: readonly Candidate[],
  listed: readonly string[],
  pinned: ReadonlySet<string>,
): readonly Member[] {
  const ids = new Set(listed);
  const members = candidates.map((candidate): Member => ({
    ...candidate,
    split: candidate.referenceId !== null && ids.has(candidate.referenceId) ? 'TEST' : 'TRAIN',
  }));
  const byId = new Map(members.map((member) => [member.referenceId, member]));
  const learnt = new Map(members.filter(({ split }) => split === 'TRAIN').map((member) => [member.source, member]));
  for (const [i, id] of listed.entries()) {
    const field = `input.testReferenceIds[${String(i)}]`;
    const member = byId.get(id);
    if (member === undefined)
      throw new ServiceError('NOT_FOUND', `${field}: the data set has no reference ${quote(id)}`, { field });
    if (pinned.has(member.source))
      throw badInput(field, 'is shown by a sample of the data set, so that it is for learning');
    const other = learnt.get(member.source)?.referenceId;
    if (other != null)
      throw badInput(
        field,
        `has the pixels of ${quote(other)}, which is not listed: photographs of one source stay together`,
      );
  }
  return members;
}
