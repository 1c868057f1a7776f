import { Badge, NativeSelect, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../app/session.ts';
import { ArtifactImage } from '../shared/ArtifactImage.tsx';
import type { Shape } from '../region/shapes.ts';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { useCatalogNames } from '../shared/useCatalogNames.ts';
import { useKeptInAddress } from '../shared/useKeptInAddress.ts';
import styles from './Photographs.module.css';
import { PhotographWork } from './PhotographWork.tsx';
import { Waiting } from '../shared/Waiting.tsx';
import { UploadField } from './UploadField.tsx';
import { usePhotographs } from './usePhotographs.ts';

export default function PhotographsPage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const [given, setGiven] = useState(() => fromAddress('product') ?? '');
  const [chosen, setChosen] = useState(() => fromAddress('photograph'));
  useKeptInAddress({ product: given === '' ? undefined : given, photograph: chosen });
  /** What was drawn on each photograph, and not stored yet. */
  const [drawn, setDrawn] = useState<ReadonlyMap<string, readonly Shape[]>>(new Map());
  const work = useRef<HTMLDivElement>(null);
  const [stored, setStored] = useState(false);
  const { products, defects, error } = useCatalogNames();
  const partNumber = given === '' ? (products[0]?.partNumber ?? '') : given;
  const asked = usePhotographs(partNumber === '' ? undefined : partNumber);
  const { references, allowedArea, waiting, error: unread, reload } = asked;
  const photographs = references.filter(({ archivedAt }) => archivedAt === null);
  const current = photographs.find(({ id }) => id === chosen);

  // In a narrow window, the photograph opens above the list.
  useEffect(() => {
    work.current?.scrollIntoView({ block: 'nearest' });
  }, [current?.id]);

  return (
    <Page title={t('pages.photographs')} lead={t('photographs.lead')}>
      <Problem error={error ?? unread} />
      <div className={styles.columns}>
        <Stack>
          <NativeSelect
            label={t('draw.product')}
            value={partNumber}
            onChange={(event) => {
              setGiven(event.currentTarget.value);
              setChosen(undefined);
              setStored(false);
            }}
            data={products.map((product) => ({
              value: product.partNumber,
              label: `${product.name} (${product.partNumber})`,
            }))}
          />
          {session.role !== 'VIEWER' && partNumber !== '' && <UploadField partNumber={partNumber} onStored={reload} />}
          <Text size="sm" role="status">
            {stored && t('photographs.defectKept')}
          </Text>
          {waiting && <Waiting />}
          {!waiting && photographs.length === 0 && <Text c="dimmed">{t('photographs.none')}</Text>}
          <ul className={styles.photographs}>
            {photographs.map(({ id, name, image, state, width, height }) => (
              <li key={id}>
                <button
                  type="button"
                  className={styles.photograph}
                  aria-pressed={id === chosen}
                  onClick={() => {
                    setChosen(id);
                    setStored(false);
                  }}
                >
                  <ArtifactImage owner={id} url={image.thumbnailUrl} alt="" loading="lazy" />
                  <Text size="xs" className={styles.name ?? ''}>
                    {name ?? id}
                  </Text>
                  <Badge size="sm" variant="light" color={state === 'GOOD' ? 'green' : 'orange'} tt="none">
                    {t(`photographs.states.${state}`)}
                  </Badge>{' '}
                  <Text span size="xs" c="dimmed">
                    {width} × {height}
                  </Text>
                </button>
              </li>
            ))}
          </ul>
        </Stack>
        {current !== undefined && (
          <div ref={work} className={styles.work}>
            <PhotographWork
              key={current.id}
              photograph={current}
              partNumber={partNumber}
              defects={defects}
              drawn={drawn.get(current.id)}
              hasAllowedArea={allowedArea !== undefined}
              mayWrite={session.role !== 'VIEWER'}
              onDrawn={(shapes) => setDrawn((former) => new Map(former).set(current.id, shapes))}
              onChanged={reload}
              onStored={(id) => {
                setChosen(id);
                setStored(true);
                reload();
              }}
            />
          </div>
        )}
      </div>
    </Page>
  );
}

function fromAddress(name: string): string | undefined {
  return new URLSearchParams(window.location.search).get(name) ?? undefined;
}
