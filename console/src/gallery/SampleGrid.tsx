import { useElementSize } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { SamplePartsFragment } from '../generated/graphql.ts';
import type { View } from '../shared/SampleView.tsx';
import { GridCell } from './GridCell.tsx';
import styles from './SampleGrid.module.css';
import { GRID } from './useReviewKeys.ts';

interface Props {
  readonly samples: readonly SamplePartsFragment[];
  /** How many there are, with those that are not loaded yet. */
  readonly total: number;
  readonly view: View;
  /** The index of the sample that the keyboard acts on. */
  readonly current: number;
  readonly onCurrent: (index: number) => void;
  readonly onKey: (event: KeyboardEvent) => void;
  readonly onEnd: () => void;
}

const CELL = 132;
const GAP = 8;
/** What covers the top of the window. */
const HEADER = 60;
/** Rows beyond the window that are ready before they are scrolled to. */
const OVERSCAN = 3;

/** Only the rows in the window exist, so ten thousand samples scroll as fast as fifty. */
export function SampleGrid({ samples, total, view, current, onCurrent, onKey, onEnd }: Props) {
  const { t } = useTranslation();
  const { ref, width } = useElementSize();
  const [margin, setMargin] = useState(0);
  const frame = useCallback((node: HTMLDivElement | null) => {
    if (node === null) return;
    setMargin(node.offsetTop);
    // Whoever comes to the page, and has not begun with anything else, can review with the keys at once.
    if (['BODY', 'MAIN'].includes(document.activeElement?.tagName ?? '')) node.focus({ preventScroll: true });
  }, []);
  const columns = Math.max(2, Math.floor((width + GAP) / (CELL + GAP)));
  const size = (width + GAP) / columns;
  const rows = Math.ceil(samples.length / columns);
  const virtual = useWindowVirtualizer({
    count: rows,
    estimateSize: () => size,
    overscan: OVERSCAN,
    scrollMargin: margin,
    scrollPaddingStart: HEADER,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;

  useEffect(() => virtual.measure(), [size, virtual]);
  useEffect(() => {
    if (last >= rows - OVERSCAN - 1) onEnd();
  }, [last, rows, onEnd]);

  // The keys that review go to the next sample too.
  const row = Math.floor(current / columns);
  const shownRow = useRef(row);
  useEffect(() => {
    if (shownRow.current !== row) virtual.scrollToIndex(row);
    shownRow.current = row;
  }, [row, virtual]);

  function move(event: KeyboardEvent) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step === undefined) return onKey(event);
    event.preventDefault();
    const next = Math.min(Math.max(current + step, 0), samples.length - 1);
    onCurrent(next);
  }

  return (
    <div ref={ref}>
      <div
        ref={frame}
        id={GRID}
        role="listbox"
        aria-label={t('gallery.samples')}
        aria-activedescendant={samples[current] === undefined ? undefined : `sample-${String(current)}`}
        tabIndex={0}
        className={styles.grid}
        style={{ height: virtual.getTotalSize() }}
        onKeyDown={move}
      >
        {items.flatMap(({ index, start }) =>
          samples.slice(index * columns, (index + 1) * columns).map((sample, column) => {
            const position = index * columns + column;
            return (
              <GridCell
                key={sample.id}
                sample={sample}
                view={view}
                position={position}
                total={total}
                chosen={position === current}
                onChoose={onCurrent}
                left={column * size}
                top={start - virtual.options.scrollMargin}
                size={size - GAP}
              />
            );
          }),
        )}
      </div>
    </div>
  );
}
