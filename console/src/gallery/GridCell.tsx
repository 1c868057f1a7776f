import { IconCircleCheckFilled, IconCircleXFilled } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { SamplePartsFragment } from '../generated/graphql.ts';
import { ArtifactImage } from '../shared/ArtifactImage.tsx';
import { MaskOutline } from '../shared/MaskOutline.tsx';
import type { View } from '../shared/SampleView.tsx';
import { useDecimals } from '../shared/useDecimals.ts';
import styles from './SampleGrid.module.css';

interface Props {
  readonly sample: SamplePartsFragment;
  readonly view: View;
  readonly position: number;
  readonly total: number;
  readonly chosen: boolean;
  readonly onChoose: (position: number) => void;
  readonly left: number;
  readonly top: number;
  readonly size: number;
}

/** Drawn again only if something of it changed, which a scroll does not. */
export const GridCell = memo(function GridCell(props: Props) {
  const { sample, view, position, total, chosen, onChoose, left, top, size } = props;
  const { t } = useTranslation();
  const decimals = useDecimals();
  const { product, defect } = sample.generation;
  const strength = decimals(sample.strength, 2);
  const shown = view === 'mask' ? sample.mask : view === 'overlay' ? sample.overlay : sample.image;
  return (
    <div
      id={`sample-${String(position)}`}
      role="option"
      aria-selected={chosen}
      aria-setsize={total}
      aria-posinset={position + 1}
      className={styles.cell}
      style={{ width: size, height: size, transform: `translate(${String(left)}px, ${String(top)}px)` }}
      data-review={sample.review.state}
      onClick={() => onChoose(position)}
    >
      <ArtifactImage
        owner={sample.id}
        url={shown.thumbnailUrl}
        alt={t('view.alt', { product: product.name, defect: defect.name, strength })}
        decoding="async"
        draggable={false}
      />
      {sample.review.state === 'ACCEPTED' && (
        <IconCircleCheckFilled className={styles.badge} aria-label={t('review.states.ACCEPTED')} />
      )}
      {sample.review.state === 'REJECTED' && (
        <IconCircleXFilled className={styles.badge} aria-label={t('review.states.REJECTED')} />
      )}
      {view === 'outline' && <MaskOutline owner={sample.id} url={sample.mask.thumbnailUrl} />}
    </div>
  );
});
