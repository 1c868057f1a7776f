import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type uPlot from 'uplot';
import type { PlotColors, PlotOptions } from '../shared/usePlot.ts';
import { usePlot } from '../shared/usePlot.ts';
import type { Losses } from './losses.ts';
import { smoothed } from './losses.ts';
import styles from './Trainings.module.css';
import { usePhaseName } from './usePhaseName.ts';

const HEIGHT = 200;
const AXIS_WIDTH = 52;
const DIGITS = 3;
const FAINT = 0.35;
/** Above and below the curve, in powers of ten. */
const ROOM = 0.05;

/** The logarithm of the loss over the steps of a phase, for it falls by orders of magnitude: as it is, and smoothed. */
export function LossCurve({ losses }: { readonly losses: Losses }) {
  const { t, i18n } = useTranslation();
  const phaseName = usePhaseName();
  const { phase, steps, values } = losses;
  const data = useMemo<uPlot.AlignedData>(() => {
    const logarithms = values.map((value) => Math.log10(value));
    return [[...steps], logarithms, smoothed(logarithms)];
  }, [steps, values]);
  const optionsWith = useMemo(() => optionsIn(i18n.language), [i18n.language]);
  const element = usePlot(data, optionsWith);
  const last = shown(values.at(-1) ?? 0, i18n.language, DIGITS);
  const text = t('trainings.loss', { value: last, step: steps.at(-1) ?? 0, phase: phaseName(phase) });
  return (
    <figure className={styles.curve}>
      <div ref={element} role="img" aria-label={text} />
      <Text component="figcaption" size="xs" c="dimmed">
        {text}
      </Text>
    </figure>
  );
}

/** With `digits` at least and three at most. */
function shown(value: number, language: string, digits = 1): string {
  const options = { minimumSignificantDigits: digits, maximumSignificantDigits: DIGITS };
  return value.toLocaleString(language, options);
}

const optionsIn =
  (language: string) =>
  ({ text, line, series }: PlotColors): PlotOptions => {
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    return {
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { range: (_plot, low, high) => [low - ROOM, high + ROOM] } },
      axes: [
        axis,
        { ...axis, size: AXIS_WIDTH, values: (_plot, splits) => splits.map((split) => shown(10 ** split, language)) },
      ],
      series: [
        {},
        { stroke: series, width: 1, alpha: FAINT, points: { size: 4, fill: series } },
        { stroke: series, width: 2, points: { show: false } },
      ],
    };
  };
