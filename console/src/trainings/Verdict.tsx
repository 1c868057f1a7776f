import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { TrainingPartsFragment } from '../generated/graphql.ts';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { Detectors } from './Detectors.tsx';
import { Titled } from './Titled.tsx';

interface Props {
  readonly called: string;
  readonly verdict: NonNullable<TrainingPartsFragment['verdict']>;
}

/** How often the defect is found, pair by pair; and the pairs of which nothing was measured. */
export function Verdict({ called, verdict }: Props) {
  const { pairs, outOfTime, withoutNormal, detectors, withoutDetectors } = verdict;
  const { t } = useTranslation();
  const share = (value: number | null) => (value === null ? '–' : `${String(Math.round(100 * value))} %`);
  const knew = pairs.some(({ before }) => before !== null);
  const names = (of: typeof outOfTime) => of.map(({ product, defect }) => `${defect} · ${product}`).join(', ');
  return (
    <>
      <Titled title={t('trainings.verdictQuestion')} meaning={t('trainings.verdictMeaning')} />
      {pairs.length > 0 && (
        <ScrollingTable
          label={t('trainings.verdict', { called })}
          heads={[
            t('draw.defect'),
            t('trainings.foundInSamples'),
            t('trainings.foundInTwins'),
            t('trainings.foundInReal'),
            ...(knew ? [t('trainings.foundBefore')] : []),
            t('trainings.concern'),
          ]}
        >
          <Table.Tbody>
            {pairs.map(({ product, defect, samples, twins, real, before, concern }) => (
              <Table.Tr key={`${product} ${defect}`}>
                <Table.Td>
                  {defect} · {product}
                </Table.Td>
                <Table.Td>{share(samples)}</Table.Td>
                <Table.Td>{share(twins)}</Table.Td>
                <Table.Td>{share(real)}</Table.Td>
                {knew && <Table.Td>{share(before)}</Table.Td>}
                <Table.Td>{t(concern === null ? 'trainings.noConcern' : `trainings.concerns.${concern}`)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </ScrollingTable>
      )}
      {outOfTime.length > 0 && <Text size="sm">{t('trainings.outOfTime', { pairs: names(outOfTime) })}</Text>}
      {withoutNormal.length > 0 && (
        <Text size="sm">{t('trainings.withoutNormal', { pairs: names(withoutNormal) })}</Text>
      )}
      <Detectors called={called} detectors={detectors} without={withoutDetectors} />
    </>
  );
}
