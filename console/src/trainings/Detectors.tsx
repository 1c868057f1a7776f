import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { TrainingPartsFragment } from '../generated/graphql.ts';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { Titled } from './Titled.tsx';

type Judged = NonNullable<TrainingPartsFragment['verdict']>;

interface Props {
  readonly called: string;
  readonly detectors: Judged['detectors'];
  readonly without: Judged['withoutDetectors'];
}

/** What small segmenters reach with samples and without, product by product; and why there are none of some products. */
export function Detectors({ called, detectors, without }: Props) {
  const { t, i18n } = useTranslation();
  const points = (value: number, signDisplay: 'auto' | 'exceptZero' = 'auto') =>
    (100 * value).toLocaleString(i18n.language, { maximumFractionDigits: 1, minimumFractionDigits: 1, signDisplay });
  return (
    <>
      {detectors.length + without.length > 0 && (
        <Titled title={t('trainings.detectorsQuestion')} meaning={t('trainings.detectorsMeaning')} />
      )}
      {detectors.length > 0 && (
        <ScrollingTable
          label={t('trainings.detectors', { called })}
          heads={[
            t('draw.product'),
            t('trainings.conclusion'),
            t('trainings.gain'),
            t('trainings.iouWithoutSamples'),
            t('trainings.iouWithSamples'),
          ]}
        >
          <Table.Tbody>
            {detectors.map(({ product, photographs, withSamples, gain, conclusion, without: alone }) => (
              <Table.Tr key={product}>
                <Table.Td>{t('trainings.keptApart', { product, count: photographs })}</Table.Td>
                <Table.Td>{t(`trainings.conclusions.${conclusion}`)}</Table.Td>
                <Table.Td>
                  {points(gain.mean, 'exceptZero')} ({points(gain.low, 'exceptZero')} …{' '}
                  {points(gain.high, 'exceptZero')})
                </Table.Td>
                <Table.Td>{points(alone)}</Table.Td>
                <Table.Td>{points(withSamples)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </ScrollingTable>
      )}
      {without.map(({ product, reason }) => (
        <Text size="sm" key={product}>
          {t('trainings.noDetectors', { product, reason: t(`trainings.noDetectorsReasons.${reason}`) })}
        </Text>
      ))}
    </>
  );
}
