import { Stack, Text } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { SamplePartsFragment } from '../generated/graphql.ts';
import type { View } from '../shared/SampleView.tsx';
import { SampleView } from '../shared/SampleView.tsx';
import { useDecimals } from '../shared/useDecimals.ts';
import { MEASURES, valueOf } from './filters.ts';
import styles from './SampleDetails.module.css';

interface Props {
  readonly sample: SamplePartsFragment;
  readonly view: View;
}

export const SampleDetails = memo(function SampleDetails({ sample, view }: Props) {
  const { t, i18n } = useTranslation();
  const decimals = useDecimals();
  const { product, defect, coverage, request } = sample.generation;
  return (
    <Stack gap="xs">
      <SampleView key={sample.id} sample={sample} view={view} />
      <Text fw={600}>
        {defect.name} · {product.name}
      </Text>
      <dl className={styles.facts}>
        {MEASURES.map((measure) => {
          const value = valueOf(sample, measure);
          if (value === undefined) return null;
          return <Fact key={measure} name={t(`measures.${measure}`)} value={decimals(value, 3)} />;
        })}
        <Fact name={t('draw.seed')} value={String(sample.seed)} />
        <Fact name={t('gallery.coverage')} value={t(`coverage.${coverage}.name`)} />
        <Fact name={t('draw.model')} value={request.model} />
        <Fact name={t('gallery.created')} value={new Date(sample.createdAt).toLocaleString(i18n.language)} />
      </dl>
    </Stack>
  );
});

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
