import { useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { TrainingEventsDocument } from '../generated/graphql.ts';
import type { Losses } from './losses.ts';
import { withLoss } from './losses.ts';

/**
 * Follows a training from its first event: the losses of each phase and what it notes. The state comes with the events,
 * and the cache hands it to the list. Whoever signs in again goes on after the last event.
 */
export function useTrainingEvents(id: string) {
  const client = useClient();
  const after = useRef(0);
  const [losses, setLosses] = useState<readonly Losses[]>([]);
  const [notes, setNotes] = useState<readonly string[]>([]);
  useEffect(() => {
    const { unsubscribe } = client
      .subscription(TrainingEventsDocument, { id, after: after.current })
      .subscribe(({ data, error }) => {
        const event = data?.trainingEvents;
        if (error !== undefined || event === undefined || event.seq <= after.current) return;
        after.current = event.seq;
        if (event.__typename === 'TrainingNoted') setNotes((former) => [...former, event.message]);
        if (event.__typename === 'TrainingProgressed') setLosses((former) => withLoss(former, event.progress));
      });
    return unsubscribe;
  }, [client, id]);
  return { losses, notes };
}
