import { Button, Group, NativeSelect, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TFunction } from 'i18next';
import { Link } from 'wouter';
import { useGenerationNews } from '../app/eventBus.ts';
import { useSession } from '../app/session.ts';
import type { ReviewState, SampleFilter } from '../generated/graphql.ts';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import type { View } from '../shared/SampleView.tsx';
import { ViewControl } from '../shared/SampleView.tsx';
import { useKeptInAddress } from '../shared/useKeptInAddress.ts';
import { Waiting } from '../shared/Waiting.tsx';
import { DeleteSample } from './DeleteSample.tsx';
import { entriesOf, fromAddress } from './address.ts';
import { exportOfAccepted, isUnfiltered, orderBy, ORDERS } from './filters.ts';
import type { Measure, Order } from './filters.ts';
import { Filters } from './Filters.tsx';
import styles from './GalleryPage.module.css';
import { ReviewPanel } from './ReviewPanel.tsx';
import { SampleDetails } from './SampleDetails.tsx';
import { SampleGrid } from './SampleGrid.tsx';
import { useReview } from './useReview.ts';
import { focusGrid, useReviewKeys } from './useReviewKeys.ts';
import { useSamples } from './useSamples.ts';
import { useStatistics } from './useStatistics.ts';

export default function GalleryPage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const [given] = useState(fromAddress);
  const [filter, setFilter] = useState<SampleFilter>(given.filter);
  const [view, setView] = useState<View>(given.view);
  const [order, setOrder] = useState<Order>(given.order);
  useKeptInAddress(entriesOf({ filter, order, view }));
  const [current, setCurrent] = useState(0);
  const [fresh, setFresh] = useState(0);
  const wide = useMediaQuery('(width >= 70rem)', true);
  const { samples, more, busy, error, loadMore, reload, change } = useSamples(filter, orderBy(order));
  const { shown, histograms, recount } = useStatistics(filter);
  const chosen = samples[current];

  const reviewing = useReview({ change, onMissed: reload });
  function decide(state: ReviewState) {
    if (chosen === undefined) return;
    void reviewing.review(chosen, { state });
    setCurrent((former) => Math.min(former + 1, samples.length - 1));
  }
  function show(id: string | undefined) {
    const index = samples.findIndex((sample) => sample.id === id);
    if (index >= 0) setCurrent(index);
  }
  const undo = () => void reviewing.undo().then(show);
  const keys = useReviewKeys({ onDecide: decide, onUndo: undo });

  useGenerationNews(({ type, generationId }) => {
    if (type !== 'SampleReady') return;
    if (filter.generationId == null || filter.generationId === generationId) setFresh((count) => count + 1);
  });
  const onEnd = useCallback(() => void loadMore(), [loadMore]);

  function drop(id: string) {
    change((former) => former.filter((sample) => sample.id !== id));
    setCurrent((former) => Math.max(0, Math.min(former, samples.length - 2)));
    recount();
    focusGrid();
  }

  const filterBy = useCallback((next: SampleFilter) => {
    setFilter(next);
    setCurrent(0);
  }, []);

  return (
    <Page
      title={t('pages.gallery')}
      lead={t('gallery.lead')}
      actions={
        <Group gap="xs" align="end">
          <NativeSelect
            label={t('gallery.order')}
            size="xs"
            value={order}
            onChange={(event) => {
              setOrder(event.currentTarget.value as Order);
              setCurrent(0);
            }}
            data={ORDERS.map((value) => ({ value, label: nameOf(value, t) }))}
          />
          <ViewControl value={view} onChange={setView} />
        </Group>
      }
    >
      <Problem error={error} />
      <Group gap="sm">
        <Text size="sm" role="status">
          {shown !== undefined && t(shown.complete ? 'gallery.count' : 'gallery.countAtLeast', { count: shown.count })}
        </Text>
        {fresh > 0 && (
          <Button
            size="compact-xs"
            variant="light"
            onClick={() => {
              setFresh(0);
              reload();
              recount();
            }}
          >
            {t('gallery.fresh', { count: fresh })}
          </Button>
        )}
        <Link href={exportOfAccepted(filter)}>{t('gallery.export')}</Link>
      </Group>
      <div className={styles.columns}>
        <details className={`${styles.side ?? ''} ${styles.filters ?? ''}`} open={wide}>
          <summary>{t('gallery.filters')}</summary>
          <Filters filter={filter} histograms={histograms} onChange={filterBy} />
        </details>
        {busy && samples.length === 0 && <Waiting />}
        {!busy && samples.length === 0 && (
          <Text c="dimmed">
            {t(isUnfiltered(filter) ? 'gallery.none' : 'gallery.empty')} <Link href="/">{t('shell.toDraw')}</Link>
          </Text>
        )}
        {samples.length > 0 && (
          <SampleGrid
            samples={samples}
            total={more ? (shown?.count ?? samples.length) : samples.length}
            view={view}
            current={current}
            onCurrent={setCurrent}
            onKey={keys.onKey}
            onEnd={onEnd}
          />
        )}
        <aside className={`${styles.side ?? ''} ${styles.details ?? ''}`} aria-label={t('gallery.details')}>
          {chosen !== undefined && <SampleDetails sample={chosen} view={view} />}
          {chosen !== undefined && session.role !== 'VIEWER' && (
            <ReviewPanel
              sample={chosen}
              reviewing={reviewing}
              onDecide={decide}
              onUndo={undo}
              onShow={show}
              tagField={keys.tagField}
              commentField={keys.commentField}
            />
          )}
          {chosen !== undefined && session.role !== 'VIEWER' && (
            <DeleteSample key={chosen.id} id={chosen.id} onDeleted={drop} />
          )}
        </aside>
      </div>
    </Page>
  );
}

function nameOf(order: Order, t: TFunction): string {
  if (order === 'newest' || order === 'oldest') return t(`gallery.${order}`);
  const [measure, direction] = order.split(' ') as [Measure, string];
  return t(direction === 'ASC' ? 'gallery.smallestFirst' : 'gallery.largestFirst', { name: t(`measures.${measure}`) });
}
