import { useEffect } from 'react';
import { useClient } from 'urql';
import type { Client } from 'urql';
import type { AreaInput, DefectReferenceInput, ReferencePartsFragment } from '../generated/graphql.ts';
import { GenerationToRepeatDocument, ReferenceToDrawOnDocument } from '../generated/graphql.ts';
import type { Choices, Method } from './choices.ts';
import type { Repeated } from './leftOut.ts';

interface Filled extends Partial<Choices> {
  readonly model: string;
  readonly repeated: Repeated;
}

/**
 * Fills the page with the request of a former generation: ?repeat=<id>.
 * @param pause whether the page was filled before, and what was changed since is kept
 */
export function useRepeat(fill: (choices: Filled) => void, { pause }: { pause: boolean }): void {
  const client = useClient();
  useEffect(() => {
    const id = new URLSearchParams(window.location.search).get('repeat');
    if (id === null || pause) return;
    void client
      .query(GenerationToRepeatDocument, { id })
      .toPromise()
      .then(async ({ data }) => {
        if (data?.generation != null) fill(await choicesOf(data.generation, client));
      });
    // The address says it once, when the page opens.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client]);
}

async function choicesOf(repeated: Repeated, client: Client): Promise<Filled> {
  const { product, defect, request } = repeated;
  const { reference, defectReference, region, allowedArea, strength, count, seed, sampler, model } = request;
  const [onto, donor] = await Promise.all([
    photograph(client, reference?.ids?.[0]),
    photograph(client, defectReference?.ids?.[0]),
  ]);
  const method = methodOf(request);
  const repeatedDonors = severalDonors(defectReference);
  // The seed decides a place that nobody chose.
  const own = region === null ? undefined : areaInput(region);
  return {
    repeated,
    partNumber: product.partNumber,
    defectCode: defect.code,
    model,
    method,
    onto,
    donor,
    ...(repeatedDonors !== undefined && { donors: 'REPEATED', repeatedDonors }),
    region: own ?? (region?.place === 'CHOSEN' ? ({ place: 'CHOSEN' } as const) : undefined),
    ...(allowedArea !== null && { allowedArea: areaInput(allowedArea) }),
    strength: strength.min,
    count,
    seed,
    seedLocked: true,
    allSteps: sampler !== 'TURBO',
  };
}

/** Even if the image is not there any more, or is a sample, which cannot be chosen: then the page asks for another. */
function methodOf({ reference, defectReference, onTwin }: Repeated['request']): Method {
  if (defectReference !== null) return 'TRANSPLANT';
  if (onTwin) return 'TWIN';
  return reference === null ? 'NOISE' : 'PHOTOGRAPH';
}

function severalDonors(given: Repeated['request']['defectReference']): DefectReferenceInput | undefined {
  const { cutPaste, ids } = given ?? {};
  if (cutPaste != null) return { cutPaste: { ids: cutPaste.ids, window: cutPaste.window } };
  return ids != null && ids.length > 1 ? { ids } : undefined;
}

type Area = NonNullable<Repeated['request']['allowedArea']>;

function areaInput({ maskId, polygons }: Area): AreaInput | undefined {
  if (maskId !== null) return { maskId };
  if (polygons === null) return undefined;
  return { polygons: polygons.map((polygon) => polygon.map(({ x, y }) => ({ x, y }))) };
}

async function photograph(client: Client, id: string | undefined): Promise<ReferencePartsFragment | undefined> {
  if (id === undefined) return undefined;
  const { data } = await client.query(ReferenceToDrawOnDocument, { id });
  return data?.reference ?? undefined;
}
