import { Badge, NativeSelect, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../app/session.ts';
import { ArtifactImage } from '../shared/ArtifactImage.tsx';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { useCatalogNames } from '../shared/useCatalogNames.ts';
import styles from './Photographs.module.css';
import { PhotographWork } from './PhotographWork.tsx';
import { UploadField } from './UploadField.tsx';
import { usePhotographs } from './usePhotographs.ts';

export default function PhotographsPage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const [given, setGiven] = useState(new URLSearchParams(window.location.search).get('product') ?? '');
  const [chosen, setChosen] = useState<string>();
  const [stored, setStored] = useState(false);
  const { products, defects, error } = useCatalogNames();
  const partNumber = given === '' ? (products[0]?.partNumber ?? '') : given;
  const { references, allowedArea, error: unread, reload } = usePhotographs(partNumber === '' ? undefined : partNumber);
  const photographs = references.filter(({ archivedAt }) => archivedAt === null);
  const current = photographs.find(({ id }) => id === chosen);

  return (
    <Page title={t('pages.photographs')} lead={t('photographs.lead')}>
      <Problem error={error ?? unread} />
      <div className={styles.columns}>
        <Stack>
          <NativeSelect
            label={t('draw.product')}
            value={partNumber}
            onChange={(event) => setGiven(event.currentTarget.value)}
            data={products.map((product) => ({ value: product.partNumber, label: product.name }))}
          />
          {session.role !== 'VIEWER' && partNumber !== '' && (
            <UploadField partNumber={partNumber} onUploaded={reload} />
          )}
          <Text size="sm" role="status">
            {stored && t('photographs.defectKept')}
          </Text>
          {photographs.length === 0 && <Text c="dimmed">{t('draw.none')}</Text>}
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
                  <ArtifactImage owner={id} url={image.url} alt="" loading="lazy" />
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
          <PhotographWork
            key={current.id}
            photograph={current}
            partNumber={partNumber}
            defects={defects}
            hasAllowedArea={allowedArea !== undefined}
            mayWrite={session.role !== 'VIEWER'}
            onChanged={reload}
            onStored={(id) => {
              setChosen(id);
              setStored(true);
              reload();
            }}
          />
        )}
      </div>
    </Page>
  );
}
