import { useMemo, useState } from 'react';
import { useQuery } from 'urql';
import type { DrawChoicesQuery } from '../generated/graphql.ts';
import { DrawChoicesDocument, ProductToDrawDocument } from '../generated/graphql.ts';
import { useAllowedArea } from '../photographs/allowedAreas.ts';
import type { Choices, Model } from './choices.ts';
import { newSeed } from './choices.ts';

const FIRST_STRENGTH = 2;
const FIRST_COUNT = 4;
/** A product whose first picture shows its defect well, if the catalog has it. */
const FIRST_PAIR = { product: 'steel strip', defect: 'scratch' };

/** What the page offers, and what is chosen of it. The address can carry a choice: ?product=…&defect=…&strength=… */
export function useChoices() {
  const [{ data, error }] = useQuery({ query: DrawChoicesDocument });
  const models = data?.models ?? [];
  const products = data?.products.edges.map(({ node }) => node) ?? [];
  const [given, setGiven] = useState<Partial<Choices> & { readonly model?: string }>(fromAddress);

  const model = models.find(({ id }) => id === given.model) ?? models.find(({ isDefault }) => isDefault);
  const partNumber = given.partNumber ?? firstProduct(products, model)?.partNumber;
  const [product] = useQuery({
    query: ProductToDrawDocument,
    variables: { partNumber: partNumber ?? '', ...(model !== undefined && { model: model.id }) },
    pause: partNumber === undefined || data === undefined,
  });
  // While another product loads, the fields show nothing of the former one.
  const loaded = product.data?.product?.partNumber === partNumber ? product.data?.product : undefined;
  const pairs = useMemo(() => loaded?.pairs.edges.map(({ node }) => node) ?? [], [loaded]);
  const references = useMemo(() => loaded?.references.edges.map(({ node }) => node) ?? [], [loaded]);
  const pair =
    pairs.find(({ defect }) => defect.code === given.defectCode) ??
    pairs.find(({ coverage, defect }) => coverage === 'TRAINED' && defect.promptName === FIRST_PAIR.defect) ??
    pairs.find(({ coverage }) => coverage === 'TRAINED') ??
    pairs[0];
  const allowedArea = useAllowedArea(partNumber);

  const choices: Choices = {
    method: 'NOISE',
    strength: FIRST_STRENGTH,
    count: FIRST_COUNT,
    seed: useState(newSeed)[0],
    seedLocked: false,
    ...given,
    partNumber: partNumber ?? '',
    defectCode: pair?.defect.code ?? '',
    allowedArea,
  };
  return { choices, setGiven, models, model, products, pairs, pair, references, error: error ?? product.error };
}

function firstProduct(products: DrawChoicesQuery['products']['edges'][number]['node'][], model: Model | undefined) {
  return (
    products.find(({ promptName }) => promptName === FIRST_PAIR.product) ??
    products.find(({ promptName }) => model?.vocabulary.products.includes(promptName)) ??
    products[0]
  );
}

function fromAddress(): Partial<Choices> {
  const query = new URLSearchParams(window.location.search);
  const text = (name: string) => query.get(name) ?? undefined;
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
  const entries = {
    partNumber: text('product'),
    defectCode: text('defect'),
    model: text('model'),
    strength: number('strength'),
    count: number('count'),
    seed: number('seed'),
    seedLocked: query.has('seed') || undefined,
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}
