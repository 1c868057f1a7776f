import { Button, NativeSelect, Stack } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReviewState, SampleFilter } from '../generated/graphql.ts';
import { useCatalogNames } from '../shared/useCatalogNames.ts';
import { isKept, isUnfiltered, KEPT, KEPT_SAMPLES, MEASURE_NAMES, MEASURES, withRange } from './filters.ts';
import { Histogram } from './Histogram.tsx';
import type { Histogram as Counted } from './useStatistics.ts';

interface Props {
  readonly filter: SampleFilter;
  readonly histograms: readonly Counted[];
  readonly onChange: (filter: SampleFilter) => void;
}

/** Not drawn again for each page of samples that is scrolled to. */
export const Filters = memo(function Filters({ filter, histograms, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <PairFilter filter={filter} onChange={onChange} />
      <ReviewFilter filter={filter} onChange={onChange} />
      {MEASURES.map((measure) => {
        const histogram = histograms.find((one) => one.measure === MEASURE_NAMES[measure]);
        if (histogram === undefined) return null;
        return (
          <Histogram
            key={measure}
            measure={measure}
            histogram={histogram}
            range={filter[measure]}
            onChange={(range) => onChange(withRange(filter, measure, range))}
          />
        );
      })}
      <Button
        size="compact-sm"
        variant="default"
        disabled={isUnfiltered(filter)}
        onClick={() => onChange(KEPT_SAMPLES)}
      >
        {t('gallery.noFilter')}
      </Button>
    </Stack>
  );
});

const KEPT_OPTION = 'KEPT';
const STATES: readonly ReviewState[] = ['UNREVIEWED', 'ACCEPTED', 'REJECTED'];

export function ReviewFilter({ filter, onChange }: Pick<Props, 'filter' | 'onChange'>) {
  const { t } = useTranslation();
  return (
    <NativeSelect
      label={t('review.state')}
      value={isKept(filter) ? KEPT_OPTION : (filter.review?.[0] ?? '')}
      onChange={(event) => {
        const state = event.currentTarget.value as ReviewState | typeof KEPT_OPTION | '';
        const { review: _former, ...others } = filter;
        onChange(state === '' ? others : { ...others, review: state === KEPT_OPTION ? KEPT : [state] });
      }}
      data={[
        { value: KEPT_OPTION, label: t('review.kept') },
        { value: '', label: t('shared.all') },
        ...STATES.map((value) => ({ value, label: t(`review.states.${value}`) })),
      ]}
    />
  );
}

export function PairFilter({ filter, onChange }: Pick<Props, 'filter' | 'onChange'>) {
  const { t } = useTranslation();
  const { products, defects } = useCatalogNames();
  const all = { value: '', label: t('shared.all') };
  const set = (field: 'partNumber' | 'defectCode', value: string) => {
    const { [field]: _former, ...others } = filter;
    onChange(value === '' ? others : { ...others, [field]: value });
  };
  return (
    <>
      <NativeSelect
        label={t('draw.product')}
        value={filter.partNumber ?? ''}
        onChange={(event) => set('partNumber', event.currentTarget.value)}
        data={[all, ...products.map(({ partNumber, name }) => ({ value: partNumber, label: name }))]}
      />
      <NativeSelect
        label={t('draw.defect')}
        value={filter.defectCode ?? ''}
        onChange={(event) => set('defectCode', event.currentTarget.value)}
        data={[all, ...defects.map(({ code, name }) => ({ value: code, label: name }))]}
      />
    </>
  );
}
