import { RangeSlider, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FloatRange } from '../generated/graphql.ts';
import type { Measure } from './filters.ts';
import styles from './Histogram.module.css';
import type { Histogram as Counted } from './useStatistics.ts';

interface Props {
  readonly measure: Measure;
  readonly histogram: Counted;
  readonly range: FloatRange | null | undefined;
  readonly onChange: (range: FloatRange | undefined) => void;
}

const STEPS = 100;
const DIGITS = 3;
/** Wide enough for a finger. */
const THUMB = 16;

/** How all samples are spread over their values, and the part of them that the filter lets through. */
export function Histogram({ measure, histogram, range, onChange }: Props) {
  const { t, i18n } = useTranslation();
  const { counts, minimum, maximum, missing } = histogram;
  const [turned, setTurned] = useState<[number, number]>();
  const name = t(`measures.${measure}`);
  if (minimum === null || maximum === null) return null;
  const value = turned ?? [range?.min ?? minimum, range?.max ?? maximum];
  const most = Math.max(1, ...counts);
  const width = (maximum - minimum) / counts.length;
  const isIn = (bin: number) =>
    minimum + (bin + 1) * width >= value[0] && (bin === 0 || minimum + bin * width <= value[1]);
  const shown = (one: number) => shortened(one).toLocaleString(i18n.language, { maximumSignificantDigits: DIGITS });
  return (
    <div>
      <Text size="xs" fw={500}>
        {name}
        <Text span size="xs" c="dimmed">
          {' '}
          {shown(value[0])} … {shown(value[1])}{' '}
          {missing > 0 && <span className={styles.missing}>· {t('gallery.missing', { count: missing })}</span>}
        </Text>
      </Text>
      <svg viewBox={`0 0 ${String(counts.length)} 10`} preserveAspectRatio="none" className={styles.bars} aria-hidden>
        {counts.map((count, bin) => (
          <rect
            key={bin}
            x={bin + 0.1}
            width={0.8}
            y={10 - (10 * count) / most}
            height={(10 * count) / most}
            data-in={isIn(bin)}
          >
            <title>{`${shown(minimum + bin * width)} … ${shown(minimum + (bin + 1) * width)}: ${String(count)}`}</title>
          </rect>
        ))}
      </svg>
      {maximum > minimum && (
        <RangeSlider
          size="xs"
          thumbSize={THUMB}
          min={minimum}
          max={maximum}
          step={(maximum - minimum) / STEPS}
          minRange={0}
          label={null}
          thumbFromLabel={t('gallery.from', { name })}
          thumbToLabel={t('gallery.to', { name })}
          value={value}
          onChange={setTurned}
          onChangeEnd={([from, to]) => {
            setTurned(undefined);
            // At an end of the slider, there is no bound.
            const step = (maximum - minimum) / STEPS / 2;
            const min = from > minimum + step ? { min: shortened(from) } : {};
            const max = to < maximum - step ? { max: shortened(to) } : {};
            onChange('min' in min || 'max' in max ? { ...min, ...max } : undefined);
          }}
        />
      )}
    </div>
  );
}

function shortened(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
