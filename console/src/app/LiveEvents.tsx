import { Badge } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useClient } from 'urql';
import { AllGenerationEventsDocument, UnfinishedGenerationsDocument } from '../generated/graphql.ts';
import { announce } from './eventBus.ts';
import { isTooOld } from './resumable.ts';

/** After a break, the events of this long before the last one are sent again; the cache takes them twice in the same way. */
const OVERLAP_MS = 5_000;
/** The service sends events of the last day, and clocks differ. */
const OLDEST_MS = 86_000_000;

/**
 * Keeps every generation on every page up to date: the events carry the state, and the cache hands it to whatever shows
 * it. Shows how many generations are unfinished.
 */
export function LiveEvents() {
  const { t } = useTranslation();
  const client = useClient();
  const [unfinished, setUnfinished] = useState<ReadonlySet<string>>(new Set());

  /** For an answer about what is unfinished may be older than the events. */
  const finishedIds = useRef(new Set<string>());

  useEffect(() => {
    const asked = client.query(UnfinishedGenerationsDocument, {}, { requestPolicy: 'network-only' });
    void asked.toPromise().then(({ data }) => {
      const ids = data?.generations.edges.map(({ node }) => node.id) ?? [];
      setUnfinished((former) => new Set([...former, ...ids.filter((id) => !finishedIds.current.has(id))]));
    });
  }, [client]);

  /** Also those of a session that has ended since. */
  const last = useRef(0);

  useEffect(() => {
    if (last.current === 0) last.current = Date.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let subscription: { unsubscribe(): void } | undefined;
    const follow = () => {
      const since = new Date(Math.max(last.current - OVERLAP_MS, Date.now() - OLDEST_MS)).toISOString();
      subscription = client.subscription(AllGenerationEventsDocument, { since }).subscribe(({ data, error }) => {
        if (error !== undefined) {
          subscription?.unsubscribe();
          if (isTooOld(error)) announce({ type: 'Missed' });
          timer = setTimeout(follow, OVERLAP_MS);
          return;
        }
        const event = data?.allGenerationEvents;
        if (event === undefined) return;
        last.current = Math.max(last.current, Date.parse(event.at));
        const { id, status } = event.generation;
        const finished = status !== 'QUEUED' && status !== 'RUNNING';
        if (finished) finishedIds.current.add(id);
        setUnfinished((former) => {
          if (former.has(id) !== finished) return former;
          const next = new Set(former);
          if (finished) next.delete(id);
          else next.add(id);
          return next;
        });
        announce({ type: event.__typename, generationId: id });
      });
    };
    follow();
    return () => {
      clearTimeout(timer);
      subscription?.unsubscribe();
    };
  }, [client]);

  if (unfinished.size === 0) return null;
  return (
    <Badge component={Link} href="/queue" variant="light" size="lg" tt="none">
      {t('shell.unfinished', { count: unfinished.size })}
    </Badge>
  );
}
