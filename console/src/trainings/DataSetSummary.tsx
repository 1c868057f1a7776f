import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import type { MembersWithFindingsQuery } from '../generated/graphql.ts';
import { MembersWithFindingsDocument, OneDataSetDocument } from '../generated/graphql.ts';
import { ArtifactImage } from '../shared/ArtifactImage.tsx';
import { MoreButton } from '../shared/MoreButton.tsx';
import { Problem } from '../shared/Problem.tsx';
import { usePages } from '../shared/usePages.ts';
import styles from './Trainings.module.css';

interface Props {
  readonly id: string;
  /** What comes below it, given the part number of its first product. */
  readonly children: (partNumber: string) => ReactNode;
}

/** What is in a data set, and what the service says of it and of its photographs. */
export function DataSetSummary({ id, children }: Props) {
  const { t } = useTranslation();
  const [{ data, error }] = useQuery({ query: OneDataSetDocument, variables: { id } });
  const dataSet = data?.dataSet;
  if (dataSet == null) return <Problem error={error} />;
  const { counts, findings, name, version, members } = dataSet;
  return (
    <>
      <Text size="sm" role="status">
        {t('trainings.marked', { ...counts, name, version })}
      </Text>
      {findings.map(({ message }) => (
        <Text key={message} size="sm">
          {message}
        </Text>
      ))}
      {counts.withFindings > 0 && <PhotographFindings id={id} count={counts.withFindings} />}
      {children(members.edges[0]?.node.product.partNumber ?? '')}
    </>
  );
}

const membersOf = ({ dataSet }: MembersWithFindingsQuery) => dataSet?.members;

function PhotographFindings({ id, count }: { readonly id: string; readonly count: number }) {
  const { t } = useTranslation();
  const pages = usePages(MembersWithFindingsDocument, { id }, membersOf);
  return (
    <details open>
      <summary>{t('trainings.findings', { count })}</summary>
      <Problem error={pages.error} />
      <ul className={styles.findings} aria-label={t('trainings.findings', { count })} tabIndex={0}>
        {pages.nodes.map(({ position, reference, findings, split, product, defect }) => (
          <li key={position}>
            {reference !== null && (
              <ArtifactImage owner={reference.id} url={reference.image.thumbnailUrl} alt="" loading="lazy" />
            )}
            <div>
              <Text size="sm" fw={500} className={styles.name ?? ''}>
                {reference?.name ?? t('trainings.unnamed')}
              </Text>
              <Text size="xs" c="dimmed">
                {defect === null ? product.name : `${defect.name} · ${product.name}`} · {t(`trainings.splits.${split}`)}
              </Text>
              {findings.map(({ message }) => (
                <Text key={message} size="sm">
                  {message}
                </Text>
              ))}
            </div>
          </li>
        ))}
      </ul>
      <MoreButton {...pages} />
    </details>
  );
}
