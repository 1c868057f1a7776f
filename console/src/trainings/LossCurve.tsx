import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import styles from './Trainings.module.css';
import type { Loss } from './useTrainingEvents.ts';

const WIDTH = 300;
const HEIGHT = 80;

/** The logarithm of the loss over the steps, for it falls by orders of magnitude. */
export function LossCurve({ losses }: { readonly losses: readonly Loss[] }) {
  const { t } = useTranslation();
  const positive = losses.filter(({ value }) => value > 0);
  const last = positive.at(-1);
  if (last === undefined) return null;
  const logs = positive.map(({ value }) => Math.log(value));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const end = Math.max(1, ...positive.map(({ step }) => step));
  const points = positive.map(({ step }, index) => {
    const height = high === low ? 0.5 : ((logs[index] ?? low) - low) / (high - low);
    return `${String((WIDTH * step) / end)},${String(HEIGHT * (1 - height))}`;
  });
  const text = t('trainings.loss', { value: last.value.toPrecision(3), step: last.step });
  return (
    <figure className={styles.curve}>
      <svg viewBox={`-2 -4 ${String(WIDTH + 4)} ${String(HEIGHT + 8)}`} role="img" aria-label={text}>
        <polyline points={points.join(' ')} fill="none" stroke="currentColor" strokeWidth={2} />
        <circle cx={points.at(-1)?.split(',')[0]} cy={points.at(-1)?.split(',')[1]} r={3} fill="currentColor" />
      </svg>
      <Text component="figcaption" size="xs" c="dimmed">
        {text}
      </Text>
    </figure>
  );
}
