import { RangeSlider, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FloatRange, SamplePartsFragment } from '../generated/graphql.ts';
import type { Measure } from './filters.ts';
import { BOUNDS, valueOf } from './filters.ts';
import styles from './Histogram.module.css';

interface Props {
  readonly measure: Measure;
  readonly samples: readonly SamplePartsFragment[];
  readonly range: FloatRange | null | undefined;
  readonly onChange: (range: FloatRange | undefined) => void;
}

const BINS = 24;

/** How the loaded samples are spread over the range, and the part of it that the filter lets through. */
export function Histogram({ measure, samples, range, onChange }: Props) {
  const { t } = useTranslation();
  const [low, high] = BOUNDS[measure];
  const [turned, setTurned] = useState<[number, number]>();
  const value = turned ?? [range?.min ?? low, range?.max ?? high];
  const counts = new Array<number>(BINS).fill(0);
  for (const sample of samples) {
    const one = valueOf(sample, measure);
    if (one === undefined) continue;
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(((one - low) / (high - low)) * BINS)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const most = Math.max(1, ...counts);
  const name = t(`measures.${measure}`);
  return (
    <div>
      <Text size="xs" fw={500}>
        {name}
        <Text span size="xs" c="dimmed">
          {' '}
          {value[0]} … {value[1]}
        </Text>
      </Text>
      <svg viewBox={`0 0 ${String(BINS)} 10`} preserveAspectRatio="none" className={styles.bars} aria-hidden>
        {counts.map((count, bin) => (
          <rect key={bin} x={bin + 0.1} width={0.8} y={10 - (10 * count) / most} height={(10 * count) / most} />
        ))}
      </svg>
      <RangeSlider
        size="xs"
        min={low}
        max={high}
        step={(high - low) / 100}
        minRange={0}
        label={null}
        thumbFromLabel={t('gallery.from', { name })}
        thumbToLabel={t('gallery.to', { name })}
        value={value}
        onChange={([from, to]) => setTurned([rounded(from), rounded(to)])}
        onChangeEnd={([from, to]) => {
          setTurned(undefined);
          const min = from > low ? { min: rounded(from) } : {};
          const max = to < high ? { max: rounded(to) } : {};
          onChange(from > low || to < high ? { ...min, ...max } : undefined);
        }}
      />
    </div>
  );
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
