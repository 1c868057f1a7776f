import { SegmentedControl, Slider, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SamplePartsFragment } from '../generated/graphql.ts';
import { ArtifactImage } from './ArtifactImage.tsx';
import { MaskOutline } from './MaskOutline.tsx';
import styles from './SampleView.module.css';
import { useDecimals } from './useDecimals.ts';

export const VIEWS = ['image', 'overlay', 'outline', 'mask', 'wipe'] as const;
export type View = (typeof VIEWS)[number];

interface Props {
  readonly sample: SamplePartsFragment;
  readonly view: View;
  readonly className?: string | undefined;
}

/** The image that a sample is compared with: what it was drawn on, or its normal twin. */
export function originalOf({ twin, reference, base }: SamplePartsFragment): string | undefined {
  return twin?.url ?? reference?.image.url ?? base?.image.url;
}

interface ViewControlProps {
  readonly views?: readonly View[];
  readonly value: View;
  readonly onChange: (view: View) => void;
}

export function ViewControl({ views = VIEWS, value, onChange }: ViewControlProps) {
  const { t } = useTranslation();
  return (
    <SegmentedControl
      aria-label={t('view.label')}
      size="xs"
      value={value}
      onChange={(view) => onChange(view as View)}
      data={views.map((view) => ({ value: view, label: t(`view.${view}`) }))}
    />
  );
}

export function SampleView({ sample, view, className }: Props) {
  const { t } = useTranslation();
  const decimals = useDecimals();
  const [share, setShare] = useState(50);
  const original = originalOf(sample);
  const { image, mask, overlay } = sample;
  const { product, defect } = sample.generation;
  const alt = t('view.alt', { product: product.name, defect: defect.name, strength: decimals(sample.strength, 2) });
  const shown = view === 'mask' ? mask.url : view === 'overlay' ? overlay.url : image.url;
  return (
    <Stack gap="xs" className={className ?? ''}>
      <div className={styles.frame}>
        <ArtifactImage owner={sample.id} url={shown} alt={alt} width={image.width} height={image.height} />
        {view === 'outline' && <MaskOutline owner={sample.id} url={mask.url} />}
        {view === 'wipe' && original !== undefined && (
          <ArtifactImage
            className={styles.over}
            owner={sample.id}
            url={original}
            alt={t('view.original')}
            style={{ clipPath: `inset(0 ${String(100 - share)}% 0 0)` }}
          />
        )}
      </div>
      {view === 'wipe' && original !== undefined && (
        <Slider thumbLabel={t('view.wipeShare')} value={share} onChange={setShare} label={null} />
      )}
      {view === 'wipe' && original === undefined && (
        <Text size="xs" c="dimmed">
          {t('view.noOriginal')}
        </Text>
      )}
    </Stack>
  );
}
