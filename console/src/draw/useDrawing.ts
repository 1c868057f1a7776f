import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import type { GenerateDefectsInput, SamplePartsFragment } from '../generated/graphql.ts';
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
  readonly seed?: number;
  readonly error?: Error | string;
}

const IDLE: Drawing = { phase: 'idle', draft: false, fraction: 0, samples: [] };

/** The newest request wins: the one before it is canceled, and what still arrives of it is not shown. */
export function useDrawing() {
  const client = useClient();
  const [drawing, setDrawing] = useState<Drawing>(IDLE);
  const newest = useRef(0);
  const stop = useRef<() => void>(() => undefined);

  const cancel = useCallback(() => {
    newest.current += 1;
    stop.current();
    setDrawing((former) => (isRunning(former) ? { ...former, phase: 'canceled' } : former));
  }, []);

  const draw = useCallback(
    async (input: GenerateDefectsInput, { draft }: { draft: boolean }) => {
      const turn = ++newest.current;
      stop.current();
      setDrawing(({ samples, draft: was }) => ({ phase: 'waiting', draft: was, fraction: 0, samples }));
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
        if (turn !== newest.current) return;
        setDrawing((former) => ({ ...former, phase: 'failed', error: error ?? 'no answer' }));
        return;
      }
      const { id, request } = generation;
      if (turn === newest.current)
        setDrawing((former) => ({ ...former, phase: 'drawing', generationId: id, seed: request.seed }));
      const samples: SamplePartsFragment[] = [];
      const { unsubscribe } = client
        .subscription(DrawingEventsDocument, { id, after: 0 })
        .subscribe(({ data: news, error: lost }) => {
          const event = news?.generationEvents;
          // Of a draft that nobody waits for any more, too: it may have been drawn before it was canceled.
          if (draft && event?.__typename === 'SampleReady') void setAsideDraft(client, event.sample.id);
          if (turn !== newest.current) return;
          if (lost !== undefined) {
            setDrawing((former) => ({ ...former, phase: 'failed', error: lost }));
            return;
          }
          switch (event?.__typename) {
            case 'GenerationQueued': {
              const { ahead, estimatedSeconds } = event;
              return setDrawing((former) => ({ ...former, ahead, estimatedSeconds }));
            }
            case 'GenerationProgressed': {
              const { fraction } = event.progress;
              return setDrawing((former) => ({ ...former, fraction }));
            }
            case 'SampleReady':
              if (samples.some((sample) => sample.id === event.sample.id)) return;
              samples.push(event.sample);
              return setDrawing((former) => ({ ...former, draft, samples: samples.slice() }));
            case 'GenerationSucceeded':
              stop.current = () => undefined;
              return setDrawing((former) => ({ ...former, phase: 'done', fraction: 1 }));
            case 'GenerationFailed': {
              const { message } = event.error;
              return setDrawing((former) => ({ ...former, phase: 'failed', error: message }));
            }
            case 'GenerationCanceled':
              return setDrawing((former) => ({ ...former, phase: 'canceled' }));
          }
        });
      if (turn !== newest.current) return;
      stop.current = () => {
        // The events of a draft are followed to their end.
        if (!draft) unsubscribe();
        cancelIt();
        stop.current = () => undefined;
      };
    },
    [client],
  );

  // Whoever leaves the page does not cancel what they asked for.
  useEffect(() => () => void (newest.current += 1), []);

  return { drawing, draw, cancel };
}

export function isRunning({ phase }: Drawing): boolean {
  return phase === 'waiting' || phase === 'drawing';
}
