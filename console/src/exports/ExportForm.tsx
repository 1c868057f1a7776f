import { Button, NativeSelect, NumberInput, Slider, Stack, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExportDatasetInput, ExportFormat, SampleFilter } from '../generated/graphql.ts';
import { PairFilter, ReviewFilter } from '../gallery/Filters.tsx';
import { useSession } from '../app/session.ts';
import { NeedsOperator } from '../shared/NeedsOperator.tsx';
import type { Counts } from './useCounts.ts';

interface Props {
  readonly filter: SampleFilter;
  readonly counts: Counts;
  readonly busy: boolean;
  readonly onFilter: (filter: SampleFilter) => void;
  readonly onStart: (input: ExportDatasetInput) => void;
}

const FORMATS: readonly ExportFormat[] = ['MVTEC_AD', 'COCO', 'YOLO_SEGMENTATION'];
const HELD_OUT = 20;

export function ExportForm({ filter, counts, busy, onFilter, onStart }: Props) {
  const { t } = useTranslation();
  const { session } = useSession();
  const [format, setFormat] = useState<ExportFormat>('COCO');
  const [heldOut, setHeldOut] = useState(HELD_OUT);
  const [normals, setNormals] = useState(true);
  const [own, setOwn] = useState(false);
  const [ofOtherProducts, setOfOtherProducts] = useState(false);
  const test = Math.round((counts.total * heldOut) / 100);
  return (
    <Stack
      component="form"
      gap="sm"
      onSubmit={(event) => {
        event.preventDefault();
        onStart({ format, filter, normals, heldOutFraction: heldOut / 100, photographs: { own, ofOtherProducts } });
      }}
    >
      <PairFilter filter={filter} onChange={onFilter} />
      <ReviewFilter filter={filter} onChange={onFilter} />
      <NumberInput
        label={t('exports.minimumConfidence')}
        min={0}
        max={1}
        step={0.05}
        value={filter.confidence?.min ?? 0}
        onChange={(min) => {
          const { confidence: _former, ...others } = filter;
          onFilter(typeof min === 'number' && min > 0 ? { ...others, confidence: { min } } : others);
        }}
      />
      <NativeSelect
        label={t('exports.format')}
        description={t(`exports.formats.${format}`)}
        inputWrapperOrder={['label', 'input', 'description']}
        value={format}
        onChange={(event) => setFormat(event.currentTarget.value as ExportFormat)}
        data={[...FORMATS]}
      />
      <div>
        <Text size="sm" fw={500}>
          {t('exports.heldOut', { share: heldOut })}
        </Text>
        <Slider
          thumbLabel={t('exports.heldOutShare')}
          min={0}
          max={90}
          value={heldOut}
          onChange={setHeldOut}
          label={null}
        />
        <Text size="xs" c="dimmed">
          {format === 'MVTEC_AD'
            ? t('exports.splitOfNormals')
            : t('exports.split', { train: counts.total - test, test })}
        </Text>
      </div>
      <Switch
        label={t('exports.normals')}
        checked={normals}
        onChange={(event) => setNormals(event.currentTarget.checked)}
      />
      <Switch label={t('exports.own')} checked={own} onChange={(event) => setOwn(event.currentTarget.checked)} />
      <Switch
        label={t('exports.ofOthers')}
        description={t('exports.ofOthersWhen')}
        checked={ofOtherProducts}
        onChange={(event) => setOfOtherProducts(event.currentTarget.checked)}
      />
      <Button type="submit" disabled={counts.total === 0 || session.role === 'VIEWER'} loading={busy}>
        {t('exports.start')}
      </Button>
      <NeedsOperator />
    </Stack>
  );
}
