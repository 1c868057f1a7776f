import { Alert, Badge, Button, FileButton, Group, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient, useMutation } from 'urql';
import { DefectBeforeDocument, ImportCatalogDocument, ProductBeforeDocument } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import type { Before, CatalogRow, Effect, Kind, ReadCsv } from './readCsv.ts';
import { effectOf, readCsv } from './readCsv.ts';

interface Preview extends ReadCsv {
  readonly file: string;
  readonly effects: ReadonlyMap<CatalogRow, Effect>;
}

const COLORS = { created: 'green', updated: 'blue', unchanged: 'gray' } as const;
/** More rows are imported, too, but not listed. */
const LISTED = 200;

export function CsvImport() {
  const { t } = useTranslation();
  const client = useClient();
  const [preview, setPreview] = useState<Preview>();
  const [imported, importCatalog] = useMutation(ImportCatalogDocument);

  async function before(kind: Kind, code: string): Promise<Before | undefined> {
    const options = { requestPolicy: 'network-only' } as const;
    if (kind === 'products')
      return (await client.query(ProductBeforeDocument, { partNumber: code }, options)).data?.product ?? undefined;
    return (await client.query(DefectBeforeDocument, { code }, options)).data?.defect ?? undefined;
  }

  async function read(file: File | null) {
    if (file === null) return;
    const csv = readCsv(await file.text());
    const effects = new Map<CatalogRow, Effect>();
    for (const row of csv.rows.slice(0, LISTED)) effects.set(row, effectOf(row, await before(csv.kind, row.code)));
    setPreview({ ...csv, file: file.name, effects });
  }

  async function confirm({ kind, rows }: Preview) {
    const items = rows.map(({ line: _line, code, ...fields }) => ({ code, ...fields }));
    const input =
      kind === 'defects'
        ? { defects: items }
        : { products: items.map(({ code, ...fields }) => ({ partNumber: code, ...fields })) };
    const { error } = await importCatalog({ input });
    if (error === undefined) setPreview(undefined);
  }

  const result = imported.data?.importCatalog;
  return (
    <Stack gap="sm">
      <h2>{t('catalog.import')}</h2>
      <Text size="sm">{t('catalog.columns')}</Text>
      <Group>
        <FileButton accept=".csv,text/csv" onChange={(file) => void read(file)}>
          {(props) => (
            <Button {...props} variant="default">
              {t('catalog.choose')}
            </Button>
          )}
        </FileButton>
      </Group>
      <Problem error={imported.error} />
      {result !== undefined && preview === undefined && (
        <Alert color={result.warnings.length > 0 ? 'orange' : 'green'} role="status" title={t('catalog.imported')}>
          {t('catalog.result', {
            created: result.products.created + result.defects.created,
            updated: result.products.updated + result.defects.updated,
            unchanged: result.products.unchanged + result.defects.unchanged,
          })}
          {result.warnings.map(({ field, message }) => (
            <Text key={field} size="sm">
              {message}
            </Text>
          ))}
        </Alert>
      )}
      {preview !== undefined && (
        <>
          <Text size="sm" role="status">
            {t('catalog.preview', { file: preview.file, count: preview.rows.length })}
          </Text>
          {preview.problems.map((problem) => (
            <Problem key={JSON.stringify(problem)} error={t(`catalog.problems.${problem.text}`, { ...problem })} />
          ))}
          <ScrollingTable
            label={t('catalog.effects')}
            heads={[t('catalog.effect'), t('catalog.code'), t('catalog.name'), t('catalog.promptName')]}
          >
            <Table.Tbody>
              {[...preview.effects].map(([row, effect]) => (
                <Table.Tr key={row.line}>
                  <Table.Td>
                    <Badge variant="light" color={COLORS[effect]} tt="none">
                      {t(`catalog.effectOf.${effect}`)}
                    </Badge>
                  </Table.Td>
                  <Table.Td>{row.code}</Table.Td>
                  <Table.Td>{row.name}</Table.Td>
                  <Table.Td>{row.promptName}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </ScrollingTable>
          <Group>
            <Button
              disabled={preview.problems.length > 0}
              loading={imported.fetching}
              onClick={() => void confirm(preview)}
            >
              {t('catalog.confirm', { count: preview.rows.length })}
            </Button>
            <Button variant="default" onClick={() => setPreview(undefined)}>
              {t('shared.cancel')}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}
