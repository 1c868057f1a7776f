import { Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { useSession } from '../app/session.ts';
import { CatalogDocument } from '../generated/graphql.ts';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { CsvImport } from './CsvImport.tsx';

const SHOWN = 100;
const SEARCH_AFTER_MS = 200;

export default function CatalogPage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const [search, setSearch] = useState('');
  const [settled] = useDebouncedValue(search.trim(), SEARCH_AFTER_MS);
  const [{ data, error }] = useQuery({
    query: CatalogDocument,
    variables: { first: SHOWN, search: settled === '' ? null : settled },
    requestPolicy: 'cache-and-network',
  });
  const products = (data?.products.edges ?? []).map(({ node }) => ({ ...node, code: node.partNumber }));
  const defects = (data?.defects.edges ?? []).map(({ node }) => node);
  return (
    <Page title={t('pages.catalog')} lead={t('catalog.lead')}>
      {session.role === 'ADMIN' && <CsvImport />}
      <TextInput
        label={t('catalog.search')}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        w="min(24rem, 100%)"
      />
      <Problem error={error} />
      <Items title={t('catalog.products')} items={products} more={data?.products.pageInfo.hasNextPage} />
      <Items title={t('catalog.defects')} items={defects} more={data?.defects.pageInfo.hasNextPage} />
    </Page>
  );
}

interface ItemsProps {
  readonly title: string;
  readonly items: readonly { id: string; code: string; name: string; promptName: string; updatedAt: string }[];
  readonly more: boolean | undefined;
}

function Items({ title, items, more }: ItemsProps) {
  const { t, i18n } = useTranslation();
  return (
    <>
      <h2>{title}</h2>
      {items.length === 0 ? (
        <Text c="dimmed">{t('shared.nothing')}</Text>
      ) : (
        <ScrollingTable
          label={title}
          heads={[t('catalog.code'), t('catalog.name'), t('catalog.promptName'), t('catalog.updated')]}
        >
          <Table.Tbody>
            {items.map(({ id, code, name, promptName, updatedAt }) => (
              <Table.Tr key={id}>
                <Table.Td>{code}</Table.Td>
                <Table.Td>{name}</Table.Td>
                <Table.Td>{promptName}</Table.Td>
                <Table.Td>{new Date(updatedAt).toLocaleDateString(i18n.language)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </ScrollingTable>
      )}
      {more === true && <Text size="sm">{t('catalog.more', { count: SHOWN })}</Text>}
    </>
  );
}
