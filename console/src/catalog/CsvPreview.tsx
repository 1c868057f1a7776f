import { Alert, Badge, Button, Group, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import type { Before, Change, Effect } from './effects.ts';
import { isSame } from './effects.ts';
import type { ReadCsv } from './readCsv.ts';

export interface Preview extends ReadCsv {
  readonly file: string;
  /** Of every row; none if the file cannot be imported. */
  readonly changes: readonly Change[];
  /** How many rows the service takes, if there are more. */
  readonly limit?: number;
}

interface Props {
  readonly preview: Preview;
  readonly busy: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

const COLORS = { created: 'green', updated: 'blue', restored: 'orange', unchanged: 'gray' } as const;
/** More rows are imported, too, but not listed. */
const LISTED = 200;
const LISTED_PROBLEMS = 20;

/** What is wrong in the file; or what each row changes, those first that change something. */
export function CsvPreview({ preview, busy, onConfirm, onCancel }: Props) {
  const { t } = useTranslation();
  const { file, rows, changes, problems, limit } = preview;
  const importable = problems.length === 0 && limit === undefined;
  const of = (...effects: readonly Effect[]) => changes.filter(({ effect }) => effects.includes(effect));
  const listed = [...of('created', 'updated', 'restored'), ...of('unchanged')].slice(0, LISTED);
  return (
    <>
      <Text size="sm" role="status">
        {t('catalog.preview', { file, count: rows.length })}
        {importable &&
          ` ${t('catalog.outlook', {
            created: of('created').length,
            updated: of('updated', 'restored').length,
            unchanged: of('unchanged').length,
          })}`}
      </Text>
      {!importable && (
        <Alert color="red" role="alert" title={t('shared.problem')}>
          {limit !== undefined && <Text size="sm">{t('catalog.tooMany', { count: rows.length, limit })}</Text>}
          {problems.slice(0, LISTED_PROBLEMS).map((problem) => (
            <Text size="sm" key={problem.line}>
              {t(`catalog.problems.${problem.text}`, { ...problem })}
            </Text>
          ))}
          {problems.length > LISTED_PROBLEMS && (
            <Text size="sm">{t('upload.moreProblems', { count: problems.length - LISTED_PROBLEMS })}</Text>
          )}
        </Alert>
      )}
      {importable && (
        <ScrollingTable
          label={t('catalog.effects')}
          heads={[t('catalog.effect'), t('catalog.code'), t('catalog.name'), t('catalog.promptName')]}
        >
          <Table.Tbody>
            {listed.map(({ row, effect, before }) => (
              <Table.Tr key={row.line}>
                <Table.Td>
                  <Badge variant="light" color={COLORS[effect]} tt="none">
                    {t(`catalog.effectOf.${effect}`)}
                  </Badge>
                </Table.Td>
                <Table.Td>{row.code}</Table.Td>
                <Table.Td>{shown(row.name, before, 'name')}</Table.Td>
                <Table.Td>{shown(row.promptName, before, 'promptName')}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </ScrollingTable>
      )}
      {changes.length > LISTED && <Text size="sm">{t('catalog.unlisted', { count: changes.length - LISTED })}</Text>}
      <Group>
        {importable && (
          <Button loading={busy} onClick={onConfirm}>
            {t('catalog.confirm', { count: rows.length })}
          </Button>
        )}
        <Button variant="default" onClick={onCancel}>
          {t('shared.cancel')}
        </Button>
      </Group>
    </>
  );
}

/** The former and the new text, if there is another one; without a text in the file, the former one stays. */
function shown(given: string | undefined, before: Before | undefined, field: 'name' | 'promptName'): string {
  if (before === undefined) return given ?? '';
  return isSame(field, given, before[field]) ? before[field] : `${before[field]} → ${given ?? ''}`;
}
