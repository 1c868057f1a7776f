import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { useReader } from '../app/reader.ts';
import { CatalogLimitDocument, ImportCatalogDocument } from '../generated/graphql.ts';
import { FileChoice } from '../shared/FileChoice.tsx';
import { Problem } from '../shared/Problem.tsx';
import { Waiting } from '../shared/Waiting.tsx';
import type { Preview } from './CsvPreview.tsx';
import { CsvPreview } from './CsvPreview.tsx';
import { changeOf, readCatalog } from './effects.ts';
import { decodeCsv, readCsv } from './readCsv.ts';

export function CsvImport() {
  const { t } = useTranslation();
  const reader = useReader();
  const newest = useRef(0);
  const [reading, setReading] = useState(false);
  const [failure, setFailure] = useState<Error>();
  const [preview, setPreview] = useState<Preview>();
  const [imported, importCatalog] = useMutation(ImportCatalogDocument);

  /** The newest file replaces one that is still being read. */
  async function take(file: File) {
    const turn = ++newest.current;
    setPreview(undefined);
    setFailure(undefined);
    setReading(true);
    try {
      const read = await previewOf(file);
      if (turn === newest.current) setPreview(read);
    } catch (error) {
      if (turn === newest.current) setFailure(error as Error);
    }
    if (turn === newest.current) setReading(false);
  }

  async function previewOf(file: File): Promise<Preview> {
    const csv = readCsv(decodeCsv(await file.arrayBuffer()));
    const { data, error } = await reader.query(CatalogLimitDocument, {});
    if (data == null) throw error ?? new Error('no answer');
    const limit = data.serverInfo.limits.catalogItems;
    const tooMany = csv.rows.length > limit;
    if (tooMany || csv.problems.length > 0) return { ...csv, file: file.name, changes: [], ...(tooMany && { limit }) };
    const before = await readCatalog(reader, csv.kind);
    return { ...csv, file: file.name, changes: csv.rows.map((row) => changeOf(row, before.get(row.code))) };
  }

  async function confirm({ kind, rows }: Preview) {
    const items = rows.map(({ line: _line, code, ...fields }) => ({ code, ...fields }));
    const input =
      kind === 'defects'
        ? { defects: items }
        : { products: items.map(({ code, ...fields }) => ({ partNumber: code, ...fields })) };
    const { error } = await importCatalog({ input });
    setFailure(error);
    if (error === undefined) setPreview(undefined);
  }

  const result = imported.data?.importCatalog;
  return (
    <Stack gap="sm">
      <h2>{t('catalog.import')}</h2>
      <Text size="sm">{t('catalog.columns')}</Text>
      <Group>
        <FileChoice accept=".csv,text/csv" onChange={(file) => void take(file)}>
          {(props) => (
            <Button {...props} variant="default">
              {t('catalog.choose')}
            </Button>
          )}
        </FileChoice>
      </Group>
      {reading && <Waiting />}
      <Problem error={failure} />
      {result !== undefined && preview === undefined && !reading && failure === undefined && (
        <Alert color={result.warnings.length > 0 ? 'orange' : 'green'} role="status" title={t('catalog.imported')}>
          {t('catalog.result', {
            created: result.products.created + result.defects.created,
            updated: result.products.updated + result.defects.updated,
            unchanged: result.products.unchanged + result.defects.unchanged,
          })}
          {result.warnings.map(({ field, message }) => (
            <Text key={`${field} ${message}`} size="sm">
              {message}
            </Text>
          ))}
        </Alert>
      )}
      {preview !== undefined && (
        <CsvPreview
          preview={preview}
          busy={imported.fetching}
          onConfirm={() => void confirm(preview)}
          onCancel={() => setPreview(undefined)}
        />
      )}
    </Stack>
  );
}
