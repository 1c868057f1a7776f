import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient, useMutation, useQuery } from 'urql';
import { useSession } from '../app/session.ts';
import type { ReferencePartsFragment } from '../generated/graphql.ts';
import { ArchiveReferenceDocument, PairsDocument } from '../generated/graphql.ts';
import { toMask } from '../region/shapes.ts';
import type { Shape } from '../region/shapes.ts';
import { Problem } from '../shared/Problem.tsx';
import { Waiting } from '../shared/Waiting.tsx';
import { keepAllowedArea, useAllowedArea } from './allowedAreas.ts';
import { upload } from './upload.ts';

const RegionEditor = lazy(() => import('../region/RegionEditor.tsx').then((m) => ({ default: m.RegionEditor })));

interface Props {
  readonly photograph: ReferencePartsFragment;
  readonly partNumber: string;
  readonly mayWrite: boolean;
  readonly onChanged: () => void;
}

/** Marks the allowed area of the product, or the defect of a photograph, which is then stored anew with its mask. */
export function PhotographWork({ photograph, partNumber, mayWrite, onChanged }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const { session } = useSession();
  const [shapes, setShapes] = useState<readonly Shape[]>([]);
  const [defectCode, setDefectCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const [done, setDone] = useState<string>();
  const [{ data }] = useQuery({ query: PairsDocument });
  const [archived, archive] = useMutation(ArchiveReferenceDocument);
  const allowedArea = useAllowedArea(partNumber);
  const defects = data?.defects.edges.map(({ node }) => node) ?? [];
  const code = defectCode === '' ? (defects[0]?.code ?? '') : defectCode;

  async function save(what: 'area' | 'defect') {
    setBusy(true);
    setError(undefined);
    setDone(undefined);
    try {
      const { mask } = await upload(client, { purpose: 'MASK' }, await toMask(shapes, photograph));
      if (mask === null) throw new Error(t('photographs.noMask'));
      if (what === 'area') keepAllowedArea(session.tenant, partNumber, mask.id);
      else {
        const file = await (await fetch(photograph.image.url)).blob();
        const name = photograph.name === null ? {} : { name: photograph.name };
        const input = { purpose: 'REFERENCE', partNumber, defectCode: code, maskId: mask.id, ...name } as const;
        await upload(client, input, file);
        onChanged();
      }
      setDone(t(what === 'area' ? 'photographs.areaKept' : 'photographs.defectKept'));
    } catch (problem) {
      setError(problem as Error);
    }
    setBusy(false);
  }

  return (
    <Stack>
      <h2>{photograph.name ?? photograph.id}</h2>
      {photograph.state === 'DEFECTIVE' && <Text size="sm">{photograph.defect?.name}</Text>}
      <Suspense fallback={<Waiting />}>
        <RegionEditor image={photograph} onFinish={setShapes} />
      </Suspense>
      <Problem error={error ?? archived.error} />
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
            {allowedArea !== undefined && (
              <Button
                size="compact-md"
                variant="default"
                onClick={() => keepAllowedArea(session.tenant, partNumber, undefined)}
              >
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
