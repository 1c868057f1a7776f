import { Button, NativeSelect, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import type { ReviewState, SampleFilter, SamplePartsFragment } from '../generated/graphql.ts';
import { PairsDocument } from '../generated/graphql.ts';
import { isKept, KEPT, KEPT_SAMPLES, MEASURES, withRange } from './filters.ts';
import { Histogram } from './Histogram.tsx';

interface Props {
  readonly filter: SampleFilter;
  readonly samples: readonly SamplePartsFragment[];
  readonly onChange: (filter: SampleFilter) => void;
}

export function Filters({ filter, samples, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <PairFilter filter={filter} onChange={onChange} />
      <ReviewFilter filter={filter} onChange={onChange} />
      {MEASURES.map((measure) => (
        <Histogram
          key={measure}
          measure={measure}
          samples={samples}
          range={filter[measure]}
          onChange={(range) => onChange(withRange(filter, measure, range))}
        />
      ))}
      <Button
        size="compact-sm"
        variant="default"
        disabled={Object.keys(filter).length === 1 && isKept(filter)}
        onClick={() => onChange(KEPT_SAMPLES)}
      >
        {t('gallery.noFilter')}
      </Button>
    </Stack>
  );
}

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
  const [{ data }] = useQuery({ query: PairsDocument });
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
        data={[all, ...(data?.products.edges ?? []).map(({ node }) => ({ value: node.partNumber, label: node.name }))]}
      />
      <NativeSelect
        label={t('draw.defect')}
        value={filter.defectCode ?? ''}
        onChange={(event) => set('defectCode', event.currentTarget.value)}
        data={[all, ...(data?.defects.edges ?? []).map(({ node }) => ({ value: node.code, label: node.name }))]}
      />
    </>
  );
}
