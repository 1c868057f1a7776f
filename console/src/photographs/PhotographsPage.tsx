import { Badge, NativeSelect, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { useSession } from '../app/session.ts';
import { PairsDocument, PhotographsOfProductDocument } from '../generated/graphql.ts';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import styles from './Photographs.module.css';
import { PhotographWork } from './PhotographWork.tsx';
import { UploadField } from './UploadField.tsx';

export default function PhotographsPage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const [given, setGiven] = useState(new URLSearchParams(window.location.search).get('product') ?? '');
  const [chosen, setChosen] = useState<string>();
  const [{ data: catalog, error }] = useQuery({ query: PairsDocument });
  const products = catalog?.products.edges.map(({ node }) => node) ?? [];
  const partNumber = given === '' ? (products[0]?.partNumber ?? '') : given;
  const [{ data, error: unread }, reload] = useQuery({
    query: PhotographsOfProductDocument,
    variables: { partNumber },
    pause: partNumber === '',
    requestPolicy: 'cache-and-network',
  });
  const photographs = (data?.product?.references.edges ?? [])
    .map(({ node }) => node)
    .filter(({ archivedAt }) => archivedAt === null);
  const current = photographs.find(({ id }) => id === chosen);
  const readAgain = () => reload({ requestPolicy: 'network-only' });

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
            <UploadField partNumber={partNumber} onUploaded={readAgain} />
          )}
          {photographs.length === 0 && <Text c="dimmed">{t('draw.none')}</Text>}
          <ul className={styles.photographs}>
            {photographs.map(({ id, name, image, state, width, height }) => (
              <li key={id}>
                <button
                  type="button"
                  className={styles.photograph}
                  aria-pressed={id === chosen}
                  onClick={() => setChosen(id)}
                >
                  <img src={image.url} alt="" loading="lazy" />
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
            mayWrite={session.role !== 'VIEWER'}
            onChanged={readAgain}
          />
        )}
      </div>
    </Page>
  );
}
