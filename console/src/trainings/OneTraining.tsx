import { Badge, Button, Group, Paper, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useMutation } from 'urql';
import type { TrainingPartsFragment } from '../generated/graphql.ts';
import { CancelTrainingDocument, DiscardTrainingDocument, PublishTrainingDocument } from '../generated/graphql.ts';
import { ArtifactImage } from '../shared/ArtifactImage.tsx';
import { Confirmation } from '../shared/Confirmation.tsx';
import { Problem } from '../shared/Problem.tsx';
import { LossCurve } from './LossCurve.tsx';
import styles from './Trainings.module.css';
import { usePhaseName } from './usePhaseName.ts';
import { useTrainingEvents } from './useTrainingEvents.ts';
import { Verdict } from './Verdict.tsx';

interface Props {
  readonly training: TrainingPartsFragment;
  readonly mayWrite: boolean;
  /** Somebody else may have ended it meanwhile. */
  readonly onRefused: () => void;
}

const COLORS = { QUEUED: 'gray', RUNNING: 'blue', SUCCEEDED: 'green', FAILED: 'red', CANCELED: 'orange' } as const;

export function OneTraining({ training, mayWrite, onRefused }: Props) {
  const { t } = useTranslation();
  const phaseName = usePhaseName();
  const { losses, notes } = useTrainingEvents(training.id);
  const [canceled, cancel] = useMutation(CancelTrainingDocument);
  const [published, publish] = useMutation(PublishTrainingDocument);
  const [discarded, discard] = useMutation(DiscardTrainingDocument);
  const { id, status, progress, imageGrids, verdict, model, error, dataSet } = training;
  const called = `${training.name}@${training.version}`;
  const unfinished = status === 'QUEUED' || status === 'RUNNING';
  const [grid] = imageGrids;
  const readAgain = ({ error: refusal }: { readonly error?: Error | undefined }) => {
    if (refusal !== undefined) onRefused();
  };
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
            count: training.minutes,
          })}
        </Text>
        {unfinished && progress !== null && (
          <>
            <Text size="sm">
              {t('trainings.progress', {
                phase: phaseName(progress.phase),
                count: Math.max(1, Math.ceil(progress.secondsLeft / 60)),
              })}
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
        <Problem error={error?.message ?? published.error} />
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
              <Confirmation
                ask={t('trainings.cancel')}
                question={t('trainings.cancelQuestion', { called })}
                confirm={t('trainings.cancelConfirm')}
                busy={canceled.fetching}
                error={canceled.error}
                onConfirm={() => cancel({ id }).then(readAgain)}
              />
            )}
            {training.isPublishable && (
              <>
                <Button
                  size="compact-sm"
                  loading={published.fetching}
                  onClick={() => void publish({ id }).then(readAgain)}
                >
                  {t('trainings.publish')}
                </Button>
                <Confirmation
                  ask={t('trainings.discard')}
                  question={t('trainings.discardQuestion', { called })}
                  confirm={t('trainings.discardConfirm')}
                  busy={discarded.fetching}
                  error={discarded.error}
                  onConfirm={() => discard({ id }).then(readAgain)}
                />
              </>
            )}
          </Group>
        )}
      </Stack>
    </Paper>
  );
}
