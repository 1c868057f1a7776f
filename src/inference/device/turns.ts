/** Which of the waiting samples joins next: of the share that has the fewest active, and has not had a turn for longest. */
import type { SampleRequest } from '../types.js';

interface Sample {
  readonly request: SampleRequest;
}

export interface Turns {
  /** Undefined when none waits. Within a share, first come, first drawn. */
  next<T extends Sample>(waiting: readonly T[], active: readonly Sample[]): T | undefined;
  /** It joined. */
  took(sample: Sample): void;
}

export function createTurns(): Turns {
  const lastTurn = new Map<string, number>();
  let turn = 0;
  return {
    next(waiting, active) {
      const firsts = new Map<string, (typeof waiting)[number]>();
      for (const sample of waiting) if (!firsts.has(shareOf(sample))) firsts.set(shareOf(sample), sample);
      const rank = (share: string): readonly [number, number] => [
        active.filter((sample) => shareOf(sample) === share).length,
        lastTurn.get(share) ?? 0,
      ];
      const [best] = [...firsts].sort(([a], [b]) => {
        const [activeA, turnA] = rank(a);
        const [activeB, turnB] = rank(b);
        return activeA - activeB || turnA - turnB;
      });
      return best?.[1];
    },
    took(sample) {
      const share = shareOf(sample);
      lastTurn.delete(share);
      lastTurn.set(share, ++turn);
      // Only the order of those who wait matters; what is long ago is as good as never.
      if (lastTurn.size > 1000) lastTurn.delete(lastTurn.keys().next().value ?? '');
    },
  };
}

function shareOf({ request }: Sample): string {
  return request.share ?? '';
}
