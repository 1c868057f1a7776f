import { Badge, Button, Group, Paper, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useMutation } from 'urql';
import type { TrainingPartsFragment } from '../generated/graphql.ts';
import { CancelTrainingDocument, DiscardTrainingDocument, PublishTrainingDocument } from '../generated/graphql.ts';
import { ArtifactImage } from '../shared/ArtifactImage.tsx';
import { Problem } from '../shared/Problem.tsx';
import { LossCurve } from './LossCurve.tsx';
import styles from './Trainings.module.css';
import { useTrainingEvents } from './useTrainingEvents.ts';
import { Verdict } from './Verdict.tsx';

interface Props {
  readonly training: TrainingPartsFragment;
  readonly mayWrite: boolean;
}

const COLORS = { QUEUED: 'gray', RUNNING: 'blue', SUCCEEDED: 'green', FAILED: 'red', CANCELED: 'orange' } as const;

export function OneTraining({ training, mayWrite }: Props) {
  const { t } = useTranslation();
  const { losses, notes } = useTrainingEvents(training.id);
  const [canceled, cancel] = useMutation(CancelTrainingDocument);
  const [published, publish] = useMutation(PublishTrainingDocument);
  const [discarded, discard] = useMutation(DiscardTrainingDocument);
  const { id, status, progress, imageGrids, verdict, model, error, dataSet } = training;
  const called = `${training.name}@${training.version}`;
  const unfinished = status === 'QUEUED' || status === 'RUNNING';
  const [grid] = imageGrids;
  return (
    <Paper withBorder p="md" component="article" aria-label={called}>
      <Stack gap="sm">
        <Group>
          <h2>{called}</h2>
          <Badge variant="light" color={COLORS[status]} tt="none">
            {t(`status.${status}`)}
          </Badge>
          {training.discardedAt !== null && (
            <Badge variant="light" color="gray" tt="none">
              {t('trainings.discarded')}
            </Badge>
          )}
        </Group>
        <Text size="sm" c="dimmed">
          {t('trainings.what', {
            kind: t(`trainings.kinds.${training.kind}.name`),
            base: training.base,
            set: dataSet.name,
            version: dataSet.version,
            minutes: training.minutes,
          })}
        </Text>
        {unfinished && progress !== null && (
          <>
            <Text size="sm">
              {t('trainings.progress', { phase: progress.phase, left: Math.ceil(progress.secondsLeft / 60) })}
            </Text>
            <Progress
              aria-label={t('trainings.progressOf', { called })}
              value={(100 * progress.done) / Math.max(1, progress.total)}
              size="sm"
            />
          </>
        )}
        {notes.map((note, index) => (
          <Text key={index} size="sm">
            {note}
          </Text>
        ))}
        <Problem error={error?.message ?? canceled.error ?? published.error ?? discarded.error} />
        {losses.map((one) => (
          <LossCurve key={one.phase} losses={one} />
        ))}
        {grid !== undefined && (
          <figure style={{ margin: 0 }}>
            <div className={styles.frame} tabIndex={0} role="region" aria-label={t('trainings.gridOf', { called })}>
              <ArtifactImage
                className={styles.grid}
                owner={id}
                url={grid.image.url}
                alt={t('trainings.grid', { step: grid.step })}
                width={grid.image.width}
                height={grid.image.height}
              />
            </div>
            <Text component="figcaption" size="xs" c="dimmed">
              {t('trainings.grid', { step: grid.step })}
            </Text>
          </figure>
        )}
        {verdict !== null && <Verdict called={called} verdict={verdict} />}
        {model !== null && (
          <Text size="sm">
            {t('trainings.published', { id: model.id })}{' '}
            <Link href={`/?model=${encodeURIComponent(model.id)}`}>{t('shell.toDraw')}</Link>
          </Text>
        )}
        {mayWrite && (unfinished || training.isPublishable) && (
          <Group gap="xs">
            {unfinished && (
              <Button
                size="compact-md"
                variant="default"
                loading={canceled.fetching}
                onClick={() => void cancel({ id })}
              >
                {t('draw.cancel')}
              </Button>
            )}
            {training.isPublishable && (
              <>
                <Button size="compact-md" loading={published.fetching} onClick={() => void publish({ id })}>
                  {t('trainings.publish')}
                </Button>
                <Button
                  size="compact-md"
                  variant="default"
                  loading={discarded.fetching}
                  onClick={() => void discard({ id })}
                >
                  {t('trainings.discard')}
                </Button>
              </>
            )}
          </Group>
        )}
      </Stack>
    </Paper>
  );
}
