import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSession } from '../app/session.ts';
import type { TrainingsQuery } from '../generated/graphql.ts';
import { TrainingsDocument } from '../generated/graphql.ts';
import { MoreButton } from '../shared/MoreButton.tsx';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { usePages } from '../shared/usePages.ts';
import { OneTraining } from './OneTraining.tsx';
import { TrainingForm } from './TrainingForm.tsx';
import { useStartedTrainings } from './useStartedTrainings.ts';

const trainingsOf = ({ trainings }: TrainingsQuery) => trainings;

export default function TrainingsPage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const pages = usePages(TrainingsDocument, {}, trainingsOf);
  useStartedTrainings(pages.reload);
  const mayWrite = session.role !== 'VIEWER';
  return (
    <Page title={t('pages.trainings')} lead={t('trainings.lead')}>
      {mayWrite && <TrainingForm onStarted={pages.reload} />}
      <Problem error={pages.error} />
      {!pages.waiting && pages.nodes.length === 0 && <Text c="dimmed">{t('shared.nothing')}</Text>}
      {pages.nodes.map((training) => (
        <OneTraining key={training.id} training={training} mayWrite={mayWrite} onRefused={pages.reload} />
      ))}
      <MoreButton {...pages} />
    </Page>
  );
}
