import { Badge, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Problem } from '../shared/Problem.tsx';
import type { View } from '../shared/SampleView.tsx';
import { SampleView, ViewControl } from '../shared/SampleView.tsx';
import { useDecimals } from '../shared/useDecimals.ts';
import type { Drawing } from './useDrawing.ts';
import { isRunning } from './useDrawing.ts';
import styles from './Result.module.css';

interface Props {
  readonly drawing: Drawing;
  readonly onCancel: () => void;
}

export function Result({ drawing, onCancel }: Props) {
  const { t } = useTranslation();
  const decimals = useDecimals();
  const [view, setView] = useState<View>('image');
  const { samples, phase, fraction, error, draft, seed = '', ahead } = drawing;
  const running = isRunning(drawing);
  const previews = running ? [...drawing.previews] : [];
  const shown = samples.length + previews.length;
  return (
    <Stack className={styles.result ?? ''} aria-busy={running}>
      <Group justify="space-between">
        <ViewControl value={view} onChange={setView} />
        <Group gap="xs">
          {draft && samples.length > 0 && (
            <Badge variant="light" color="orange" tt="none">
              {t('draw.draft')}
            </Badge>
          )}
          {running && (
            <Button size="compact-sm" variant="default" onClick={onCancel}>
              {t('draw.cancel')}
            </Button>
          )}
        </Group>
      </Group>
      <Progress
        aria-label={t('draw.progress')}
        value={100 * fraction}
        animated={running}
        size="sm"
        style={{ visibility: running ? 'visible' : 'hidden' }}
      />
      {phase === 'failed' && <Problem error={error} />}
      <div className={styles.samples} data-single={shown <= 1}>
        {samples.map((sample) => (
          <div key={sample.id}>
            <SampleView sample={sample} view={view} />
            <Text size="xs" c="dimmed" mt={4}>
              {t('draw.caption', {
                strength: decimals(sample.strength, 2),
                area: decimals(100 * sample.areaFraction, 1),
                seed: sample.seed,
              })}
            </Text>
          </div>
        ))}
        {previews.map(([index, image]) => (
          <div key={index}>
            <img className={styles.preview} src={image} alt="" />
            <Text size="xs" c="dimmed" mt={4}>
              {t('draw.preview')}
            </Text>
          </div>
        ))}
        {shown === 0 && <div className={styles.empty}>{t(running ? 'draw.waiting' : 'draw.empty')}</div>}
      </div>
      <Text size="sm" c="dimmed" role="status">
        {running && ahead !== undefined && ahead !== null && ahead > 0 && t('draw.ahead', { count: ahead })}
        {phase === 'canceled' && t('draw.canceled')}
        {phase === 'done' && t('draw.done', { count: samples.length, seed })}
      </Text>
      {phase === 'done' && !draft && (
        <Link href={`/gallery?generation=${encodeURIComponent(drawing.generationId ?? '')}`}>{t('draw.review')}</Link>
      )}
    </Stack>
  );
}
