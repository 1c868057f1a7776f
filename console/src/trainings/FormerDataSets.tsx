import { NativeSelect, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { DataSetsQuery } from '../generated/graphql.ts';
import { DataSetsDocument } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import { usePages } from '../shared/usePages.ts';

interface Props {
  readonly chosen: string | undefined;
  readonly onChosen: (dataSetId: string | undefined) => void;
}

const dataSetsOf = ({ dataSets }: DataSetsQuery) => dataSets;

export function FormerDataSets({ chosen, onChosen }: Props) {
  const { t } = useTranslation();
  const { nodes, waiting, error } = usePages(DataSetsDocument, {}, dataSetsOf, { all: true });
  return (
    <>
      <Problem error={error} />
      {!waiting && nodes.length === 0 && <Text c="dimmed">{t('shared.nothing')}</Text>}
      {nodes.length > 0 && (
        <NativeSelect
          label={t('trainings.dataSet')}
          value={chosen ?? ''}
          onChange={({ currentTarget: { value } }) => onChosen(value === '' ? undefined : value)}
          data={[
            { value: '', label: t('trainings.chooseDataSet') },
            ...nodes.map(({ id, name, version }) => ({ value: id, label: t('trainings.called', { name, version }) })),
          ]}
        />
      )}
    </>
  );
}
