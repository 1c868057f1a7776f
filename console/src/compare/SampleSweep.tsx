import { Progress, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Drawing } from '../draw/useDrawing.ts';
import { isRunning } from '../draw/useDrawing.ts';
import { Problem } from '../shared/Problem.tsx';
import type { View } from '../shared/SampleView.tsx';
import { SampleView } from '../shared/SampleView.tsx';
import { useDecimals } from '../shared/useDecimals.ts';
import styles from './ComparePage.module.css';
import type { GridChoices } from './grid.ts';
import { cell, strengthsOf } from './grid.ts';

interface Props {
  readonly grid: GridChoices;
  readonly model: string;
  readonly drawing: Drawing;
  readonly view: View;
}

/** One row for each seed, one column for each strength. */
export function SampleSweep({ grid, model, drawing, view }: Props) {
  const { t } = useTranslation();
  const decimals = useDecimals();
  const strengths = strengthsOf(grid);
  const refused = drawing.phase === 'failed' && drawing.samples.length === 0;
  return (
    <section aria-label={model} aria-busy={isRunning(drawing)}>
      <Text fw={600} size="sm">
        {model}
      </Text>
      {isRunning(drawing) && <Progress aria-label={t('draw.progress')} value={100 * drawing.fraction} size="sm" />}
      <Problem error={drawing.error} />
      {!refused && (
        <div className={styles.frame} tabIndex={0} role="region" aria-label={t('compare.grid', { model })}>
          <table className={styles.grid}>
            <thead>
              <tr>
                <td />
                {strengths.map((strength) => (
                  <th key={strength} scope="col">
                    {t('draw.strength')} {decimals(strength, 2)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: grid.rows }, (_, row) => (
                <tr key={row}>
                  <th scope="row">
                    {t('draw.seed')} {cell(drawing.samples, row * strengths.length)?.seed ?? grid.seed + row}
                  </th>
                  {strengths.map((strength, column) => {
                    const sample = cell(drawing.samples, row * strengths.length + column);
                    return (
                      <td key={strength}>
                        {sample === undefined ? (
                          <div className={styles.waiting} />
                        ) : (
                          <SampleView sample={sample} view={view} />
                        )}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
