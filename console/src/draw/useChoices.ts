import { useState } from 'react';
import { useQuery } from 'urql';
import type { PairsToDrawQuery, ProductsToDrawQuery } from '../generated/graphql.ts';
import {
  DrawChoicesDocument,
  ModelAliasesDocument,
  PairsToDrawDocument,
  ProductsToDrawDocument,
} from '../generated/graphql.ts';
import { usePhotographs } from '../photographs/usePhotographs.ts';
import { usePages } from '../shared/usePages.ts';
import { fromAddress } from './address.ts';
import type { Choices } from './choices.ts';
import { newSeed } from './choices.ts';
import type { Repeated } from './leftOut.ts';
import { leftOut } from './leftOut.ts';
import type { Model } from './modelChoice.ts';
import { modelNamed } from './modelChoice.ts';
import type { Drawn } from './useDrawing.ts';
import { useRepeat } from './useRepeat.ts';

const FIRST_STRENGTH = 2;
/** A defect as it is in its photograph. */
const FIRST_TRANSPLANT_STRENGTH = 1;
const FIRST_COUNT = 4;
const PAGE = 100; // of draw.graphql
/** A product whose first picture shows its defect well, if the catalog has it. */
const FIRST_PAIR = { product: 'steel strip', defect: 'scratch' };

export interface Given extends Partial<Choices> {
  readonly repeated?: Repeated;
}

/** Beside the address: photographs, a region, a generation that is repeated, and what was drawn last. */
export interface Kept {
  /** Another tenant that signs in later sees nothing of it. */
  readonly tenant: string;
  readonly given: Given;
  readonly drawn: Drawn | undefined;
}

type Product = ProductsToDrawQuery['products']['edges'][number]['node'];

const productsOf = ({ products }: ProductsToDrawQuery) => products;
const pairsOf = ({ product }: PairsToDrawQuery) => product?.pairs;

/** What the page offers, and what is chosen of it. The address carries what is chosen. */
export function useChoices(before?: Kept) {
  const [{ data, error }] = useQuery({ query: DrawChoicesDocument });
  const [named] = useQuery({ query: ModelAliasesDocument, requestPolicy: 'cache-and-network' });
  const models = data?.models ?? [];
  const aliases = named.data?.modelAliases ?? [];
  const isKnown = data !== undefined && named.data !== undefined;
  const { nodes: products, error: noProducts } = usePages(ProductsToDrawDocument, {}, productsOf, { all: true });
  const [given, setGiven] = useState<Given>(() => before?.given ?? fromAddress());

  const chosen = modelNamed(given.model, models, aliases);
  const model = chosen ?? (isKnown ? models.find(({ isDefault }) => isDefault) : undefined);
  // Of a generation that is repeated, leftOut says it.
  const unknownModel = isKnown && chosen === undefined && given.repeated === undefined ? given.model : undefined;
  const partNumber = given.partNumber ?? firstProduct(products, model)?.partNumber;
  const { nodes: pairs, error: noPairs } = usePages(
    PairsToDrawDocument,
    { partNumber: partNumber ?? '', ...(model !== undefined && { model: model.id }) },
    pairsOf,
    { all: true, pause: partNumber === undefined || model === undefined },
  );
  const { references, allowedArea: mask, error: noPhotographs } = usePhotographs(partNumber);
  const pair =
    pairs.find(({ defect }) => defect.code === given.defectCode) ??
    pairs.find(({ coverage, defect }) => coverage === 'TRAINED' && defect.promptName === FIRST_PAIR.defect) ??
    pairs.find(({ coverage }) => coverage === 'TRAINED') ??
    pairs[0];
  useRepeat(setGiven, { pause: before !== undefined });

  // A mask is of photographs of its own size only.
  const { onto } = given;
  const fits = mask !== undefined && mask.width === onto?.width && mask.height === onto.height;
  const kept = fits ? { maskId: mask.id } : undefined;

  const choices: Choices = {
    method: 'NOISE',
    donors: 'CHOSEN',
    strength: given.method === 'TRANSPLANT' ? FIRST_TRANSPLANT_STRENGTH : FIRST_STRENGTH,
    count: FIRST_COUNT,
    seed: useState(newSeed)[0],
    seedLocked: false,
    allSteps: false,
    ...given,
    partNumber: partNumber ?? '',
    defectCode: pair?.defect.code ?? '',
    model: chosen === undefined ? model?.id : given.model,
    allowedArea: given.allowedArea ?? kept,
  };
  const problem = error ?? named.error ?? noProducts ?? noPairs ?? noPhotographs;
  const missing = leftOut(given.repeated, models);
  const offered = { models, aliases, products, pairs, references };
  return { choices, given, setGiven, ...offered, model, pair, missing, unknownModel, error: problem };
}

/** Of the first page, so that the choice stays while the others load. */
function firstProduct(products: readonly Product[], model: Model | undefined) {
  const first = products.slice(0, PAGE);
  return (
    first.find(({ promptName }) => promptName === FIRST_PAIR.product) ??
    first.find(({ promptName }) => model?.vocabulary.products.includes(promptName)) ??
    first[0]
  );
}
