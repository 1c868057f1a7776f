import { Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../app/session.ts';
import type { CatalogDefectsQuery, CatalogProductsQuery } from '../generated/graphql.ts';
import { CatalogDefectsDocument, CatalogProductsDocument } from '../generated/graphql.ts';
import { MoreButton } from '../shared/MoreButton.tsx';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import type { Pages } from '../shared/usePages.ts';
import { usePages } from '../shared/usePages.ts';
import { CsvImport } from './CsvImport.tsx';

const productsOf = ({ products }: CatalogProductsQuery) => products;
const defectsOf = ({ defects }: CatalogDefectsQuery) => defects;
const SEARCH_AFTER_MS = 200;

export default function CatalogPage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const [search, setSearch] = useState('');
  const [settled] = useDebouncedValue(search.trim(), SEARCH_AFTER_MS);
  const variables = { search: settled === '' ? null : settled };
  const products = usePages(CatalogProductsDocument, variables, productsOf);
  const defects = usePages(CatalogDefectsDocument, variables, defectsOf);
  return (
    <Page title={t('pages.catalog')} lead={t('catalog.lead')}>
      {session.role === 'ADMIN' && <CsvImport />}
      <TextInput
        label={t('catalog.search')}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        w="min(24rem, 100%)"
      />
      <Problem error={products.error ?? defects.error} />
      <Items
        title={t('catalog.products')}
        items={products.nodes.map((node) => ({ ...node, code: node.partNumber }))}
        pages={products}
      />
      <Items title={t('catalog.defects')} items={defects.nodes} pages={defects} />
    </Page>
  );
}

interface ItemsProps {
  readonly title: string;
  readonly items: readonly { id: string; code: string; name: string; promptName: string; updatedAt: string }[];
  readonly pages: Pages<unknown>;
}

function Items({ title, items, pages }: ItemsProps) {
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
      <MoreButton {...pages} />
    </>
  );
}
