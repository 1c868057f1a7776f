import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { endsSession } from '../app/client.ts';
import type { DrawingEventsSubscription, GenerateDefectsInput, SamplePartsFragment } from '../generated/graphql.ts';
import { CancelGenerationDocument, DrawingEventsDocument, GenerateDefectsDocument } from '../generated/graphql.ts';
import { setAsideDraft } from './setAsideDraft.ts';

export interface Drawing {
  readonly phase: 'idle' | 'waiting' | 'drawing' | 'done' | 'canceled' | 'failed';
  readonly generationId?: string;
  /** Of the samples below. */
  readonly draft: boolean;
  readonly fraction: number;
  readonly ahead?: number | null;
  readonly estimatedSeconds?: number | null;
  readonly samples: readonly SamplePartsFragment[];
  /** Of the samples that are not ready, by their index. */
  readonly previews: ReadonlyMap<number, string>;
  readonly seed?: number;
  readonly error?: Error | string;
}

type GenerationEvent = DrawingEventsSubscription['generationEvents'];

/** A generation whose events are not all here. */
interface Followed {
  readonly id: string;
  readonly draft: boolean;
  readonly turn: number;
  readonly samples: SamplePartsFragment[];
  readonly previews: Map<number, string>;
  /** The seq of its last event. */
  after: number;
  unfollow: () => void;
}

const IDLE: Drawing = { phase: 'idle', draft: false, fraction: 0, samples: [], previews: new Map() };

/** The newest request wins: the one before it is canceled, and what still arrives of it is not shown. */
export function useDrawing() {
  const client = useClient();
  const [drawing, setDrawing] = useState<Drawing>(IDLE);
  const newest = useRef(0);
  const stop = useRef<() => void>(() => undefined);
  const followed = useRef(new Set<Followed>());

  const follow = useCallback(
    (one: Followed) => {
      const { id, draft } = one;
      followed.current.add(one);
      const isShown = () => one.turn === newest.current;
      const { unsubscribe } = client
        .subscription(DrawingEventsDocument, { id, after: one.after })
        .subscribe(({ data, error }) => {
          // The session ended: whoever signs in again has another client, which goes on after the last event.
          if (error !== undefined && endsSession(error)) return;
          const event = data?.generationEvents;
          // Of a draft that nobody waits for any more, too: it may have been drawn before it was canceled.
          if (draft && event?.__typename === 'SampleReady') void setAsideDraft(client, event.sample.id);
          if (event !== undefined) one.after = Math.max(one.after, event.seq);
          const next = error === undefined ? changeBy(event, one) : failedBy(error);
          if (next.phase !== undefined) followed.current.delete(one);
          if (isShown()) setDrawing((former) => ({ ...former, ...next }));
        });
      one.unfollow = unsubscribe;
    },
    [client],
  );

  useEffect(() => {
    const all = followed.current;
    for (const one of all) {
      one.unfollow();
      follow(one);
    }
  }, [follow]);

  const cancel = useCallback(() => {
    newest.current += 1;
    stop.current();
    setDrawing((former) => (isRunning(former) ? { ...former, phase: 'canceled' } : former));
  }, []);

  const draw = useCallback(
    async (input: GenerateDefectsInput, { draft }: { draft: boolean }) => {
      const turn = ++newest.current;
      stop.current();
      setDrawing(({ samples, draft: was }) => ({
        phase: 'waiting',
        draft: was,
        fraction: 0,
        samples,
        previews: new Map(),
      }));
      const { data, error } = await client.mutation(GenerateDefectsDocument, { input: [input] });
      const generation = data?.generateDefects[0];
      const cancelIt = () => {
        if (generation !== undefined) void client.mutation(CancelGenerationDocument, { id: generation.id }).toPromise();
      };
      if (turn !== newest.current) {
        cancelIt();
        if (!draft) return;
      }
      if (generation === undefined) {
        if (turn === newest.current) setDrawing((former) => ({ ...former, ...failedBy(error ?? 'no answer') }));
        return;
      }
      const { id, request } = generation;
      if (turn === newest.current)
        setDrawing((former) => ({ ...former, phase: 'drawing', generationId: id, seed: request.seed }));
      const one: Followed = {
        ...{ id, draft, turn, samples: [], previews: new Map(), after: 0 },
        unfollow: () => undefined,
      };
      follow(one);
      if (turn !== newest.current) return;
      stop.current = () => {
        stop.current = () => undefined;
        if (!followed.current.has(one)) return;
        // The events of a draft are followed to their end.
        if (!draft) {
          one.unfollow();
          followed.current.delete(one);
        }
        cancelIt();
      };
    },
    [client, follow],
  );

  // Whoever leaves the page does not cancel what they asked for.
  useEffect(() => () => void (newest.current += 1), []);

  return { drawing, draw, cancel };
}

export function isRunning({ phase }: Drawing): boolean {
  return phase === 'waiting' || phase === 'drawing';
}

/** What the event changes; a phase only if no event follows. */
function changeBy(event: GenerationEvent | undefined, { draft, samples, previews }: Followed): Partial<Drawing> {
  switch (event?.__typename) {
    case 'GenerationQueued':
      return { ahead: event.ahead, estimatedSeconds: event.estimatedSeconds };
    case 'GenerationProgressed': {
      const { fraction } = event.progress;
      if (event.previews.length === 0) return { fraction };
      for (const { index, image } of event.previews)
        if (!samples.some((sample) => sample.index === index)) previews.set(index, image);
      return { fraction, draft, samples: samples.slice(), previews: new Map(previews) };
    }
    case 'SampleReady': {
      const { sample } = event;
      if (!samples.some(({ id }) => id === sample.id)) samples.push(sample);
      samples.sort((one, other) => one.index - other.index);
      previews.delete(sample.index);
      return { draft, samples: samples.slice(), previews: new Map(previews) };
    }
    case 'GenerationSucceeded':
      return { phase: 'done', fraction: 1 };
    case 'GenerationFailed':
      return failedBy(event.error.message);
    case 'GenerationCanceled':
      return { phase: 'canceled' };
    default:
      return {};
  }
}

function failedBy(error: Error | string): Partial<Drawing> & { phase: 'failed' } {
  return { phase: 'failed', error };
}
