import { SegmentedControl, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from 'urql';
import type { ReferencePartsFragment, RegionInput } from '../generated/graphql.ts';
import { upload } from '../shared/upload.ts';
import { Problem } from '../shared/Problem.tsx';
import { RegionEditor } from '../region/RegionEditor.tsx';
import { toMask, toPolygons } from '../region/shapes.ts';
import type { Shape } from '../region/shapes.ts';

interface Props {
  readonly photograph: ReferencePartsFragment;
  readonly region: RegionInput | undefined;
  readonly onChange: (region: RegionInput | undefined) => void;
}

/** Where the defect may lie: found by the service, or drawn here. */
export default function RegionField({ photograph, region, onChange }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [how, setHow] = useState<'found' | 'drawn'>(region === undefined || region.place != null ? 'found' : 'drawn');
  const [error, setError] = useState<Error>();
  /** A mask that arrives after another choice, or after this field, is of no use. */
  const newest = useRef(0);
  useEffect(() => () => void (newest.current += 1), []);

  async function take(shapes: readonly Shape[]) {
    const turn = ++newest.current;
    setError(undefined);
    const polygons = toPolygons(shapes);
    if (polygons !== undefined) return onChange(polygons.length === 0 ? undefined : { polygons });
    try {
      const finished = await upload(client, { purpose: 'MASK' }, await toMask(shapes, photograph));
      if (turn === newest.current && finished.mask !== null) onChange({ maskId: finished.mask.id });
    } catch (problem) {
      if (turn === newest.current) setError(problem as Error);
    }
  }

  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label={t('region.label')}
        size="xs"
        value={how}
        onChange={(value) => {
          newest.current += 1;
          setHow(value as typeof how);
          if (value === 'found') onChange(undefined);
        }}
        data={[
          { value: 'found', label: t('region.found') },
          { value: 'drawn', label: t('region.drawn') },
        ]}
      />
      {how === 'drawn' && (
        <RegionEditor
          key={photograph.id}
          image={photograph}
          initial={(region?.polygons ?? []).map((points) => ({ kind: 'polygon', points }))}
          onFinish={(shapes) => void take(shapes)}
        />
      )}
      {region?.maskId != null && <Text size="sm">{t('region.painted')}</Text>}
      <Problem error={error} />
    </Stack>
  );
}
