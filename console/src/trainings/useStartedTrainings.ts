import { useEffect, useState } from 'react';
import { useClient } from 'urql';
import { StartedTrainingsDocument } from '../generated/graphql.ts';

/**
 * Follows the trainings that somebody starts while the page is open, also during a break of the connection.
 * @param onStarted a function that stays the same
 */
export function useStartedTrainings(onStarted: () => void): void {
  const client = useClient();
  const [since] = useState(() => new Date().toISOString());
  useEffect(() => {
    const { unsubscribe } = client.subscription(StartedTrainingsDocument, { since }).subscribe(({ data }) => {
      if (data?.allTrainingEvents.__typename === 'TrainingQueued') onStarted();
    });
    return unsubscribe;
  }, [client, since, onStarted]);
}
