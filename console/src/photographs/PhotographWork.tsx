import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient, useMutation } from 'urql';
import { loadedLater } from '../app/loadedLater.ts';
import type { ReferencePartsFragment } from '../generated/graphql.ts';
import { ArchiveReferenceDocument, SetAllowedAreaDocument } from '../generated/graphql.ts';
import { toMask } from '../region/shapes.ts';
import type { Shape } from '../region/shapes.ts';
import { fetchFile } from '../shared/freshUrls.ts';
import { Problem } from '../shared/Problem.tsx';
import { Waiting } from '../shared/Waiting.tsx';
import { upload } from '../shared/upload.ts';

const RegionEditor = loadedLater(async () => ({ default: (await import('../region/RegionEditor.tsx')).RegionEditor }));

interface Props {
  readonly photograph: ReferencePartsFragment;
  readonly partNumber: string;
  /** Those of the catalog. */
  readonly defects: readonly { readonly code: string; readonly name: string }[];
  /** Before, and not stored. */
  readonly drawn: readonly Shape[] | undefined;
  /** Whether one is kept for the product. */
  readonly hasAllowedArea: boolean;
  readonly mayWrite: boolean;
  readonly onDrawn: (shapes: readonly Shape[]) => void;
  readonly onChanged: () => void;
  /** It is stored anew, as the defective photograph with this id, and itself archived. */
  readonly onStored: (id: string) => void;
}

/** Marks the allowed area of the product, or the defect of a photograph, which is then stored anew with its mask. */
export function PhotographWork({
  photograph,
  partNumber,
  defects,
  drawn = [],
  hasAllowedArea,
  mayWrite,
  onDrawn,
  onChanged,
  onStored,
}: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [shapes, setShapes] = useState(drawn);
  const [defectCode, setDefectCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const [done, setDone] = useState<string>();
  const [archived, archive] = useMutation(ArchiveReferenceDocument);
  const [kept, keepAllowedArea] = useMutation(SetAllowedAreaDocument);
  const code = defectCode === '' ? (defects[0]?.code ?? '') : defectCode;

  async function save(what: 'area' | 'defect') {
    setBusy(true);
    setError(undefined);
    setDone(undefined);
    try {
      const { mask } = await upload(client, { purpose: 'MASK' }, await toMask(shapes, photograph));
      if (mask === null) throw new Error(t('photographs.noMask'));
      if (what === 'area') {
        const { error: refused } = await keepAllowedArea({ partNumber, maskId: mask.id });
        if (refused !== undefined) throw refused;
      } else {
        const file = await fetchFile(client, photograph.id, photograph.image.url);
        const name = photograph.name === null ? {} : { name: photograph.name };
        const input = { purpose: 'REFERENCE', partNumber, defectCode: code, maskId: mask.id, ...name } as const;
        const { reference } = await upload(client, input, file);
        const { error: refused } = await archive({ id: photograph.id });
        if (refused !== undefined) throw refused;
        if (reference !== null) return onStored(reference.id);
      }
      setDone(t('photographs.areaKept'));
    } catch (problem) {
      setError(problem as Error);
    }
    setBusy(false);
  }

  async function forgetArea() {
    setDone(undefined);
    const { error: refused } = await keepAllowedArea({ partNumber });
    if (refused === undefined) setDone(t('photographs.areaForgotten'));
  }

  return (
    <Stack>
      <h2>{photograph.name ?? photograph.id}</h2>
      {photograph.state === 'DEFECTIVE' && <Text size="sm">{photograph.defect?.name}</Text>}
      <Suspense fallback={<Waiting />}>
        <RegionEditor
          image={photograph}
          initial={drawn}
          onFinish={(next) => {
            setShapes(next);
            onDrawn(next);
          }}
        />
      </Suspense>
      <Problem error={error ?? archived.error ?? kept.error} />
      <Text size="sm" role="status">
        {done}
      </Text>
      {mayWrite && (
        <>
          <Group gap="xs">
            <Button
              size="compact-md"
              variant="default"
              loading={busy}
              disabled={shapes.length === 0}
              onClick={() => void save('area')}
            >
              {t('photographs.keepArea')}
            </Button>
            {hasAllowedArea && (
              <Button size="compact-md" variant="default" onClick={() => void forgetArea()}>
                {t('photographs.forgetArea')}
              </Button>
            )}
          </Group>
          <NativeSelect
            label={t('photographs.shows')}
            value={code}
            onChange={(event) => setDefectCode(event.currentTarget.value)}
            data={defects.map((defect) => ({ value: defect.code, label: defect.name }))}
          />
          <Group gap="xs">
            <Button
              size="compact-md"
              loading={busy}
              disabled={shapes.length === 0 || code === ''}
              onClick={() => void save('defect')}
            >
              {t('photographs.keepDefect')}
            </Button>
            <Button
              size="compact-md"
              variant="default"
              onClick={() => void archive({ id: photograph.id }).then(onChanged)}
            >
              {t('photographs.archive')}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}
