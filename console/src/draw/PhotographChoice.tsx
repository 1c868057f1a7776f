import { Text } from '@mantine/core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReferencePartsFragment } from '../generated/graphql.ts';
import { ArtifactImage } from '../shared/ArtifactImage.tsx';
import styles from './PhotographChoice.module.css';

interface Props {
  readonly label: string;
  readonly photographs: readonly ReferencePartsFragment[];
  readonly chosen: string | undefined;
  readonly onChoose: (photograph: ReferencePartsFragment) => void;
}

export function PhotographChoice({ label, photographs, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  const name = useId();
  return (
    <fieldset className={styles.choice}>
      <legend>{label}</legend>
      {photographs.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('draw.none')}
        </Text>
      )}
      {photographs.map((photograph) => (
        <label key={photograph.id}>
          <input
            type="radio"
            name={name}
            checked={photograph.id === chosen}
            onChange={() => onChoose(photograph)}
            aria-label={photograph.name ?? photograph.id}
          />
          <ArtifactImage
            owner={photograph.id}
            url={photograph.image.thumbnailUrl}
            alt=""
            loading="lazy"
            title={photograph.name ?? photograph.id}
          />
        </label>
      ))}
    </fieldset>
  );
}
