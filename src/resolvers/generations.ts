import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { outOfRange } from '../range.js';
import { admitForMisses } from '../generations/admission/admitForMisses.js';
import { GENERATION_ORDERS } from '../generations/generationRepository.js';
import { resolvedRequestOf } from '../generations/resolvedRequest.js';
import { SAMPLE_ORDERS } from '../generations/samples/sampleOrder.js';
import { Coverage } from '../schema/enums.js';
import { Defect, Product } from '../schema/catalog.js';
import type { Connection, OrderBy } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import {
  Attempt,
  Generation,
  GenerationConnection,
  GenerationError,
  GenerationFilter,
  GenerationOrder,
  Progress,
} from '../schema/generation.js';
import { GenerationRequest } from '../schema/generationRequest.js';
import { GenerateDefectsInput } from '../schema/generateDefectsInput.js';
import { GenerateForMissesInput } from '../schema/generateForMissesInput.js';
import { SampleConnection, SampleFilter } from '../schema/sample.js';
import type { ProgressCounts } from '../storage/jsonColumns.js';
import { pageRequest } from '../storage/pagination.js';
import type { AttemptRow, DefectRow, GenerationRow, ProductRow, SampleRow } from '../storage/tables.js';
import type { Context } from './context.js';
import { RequiresRole } from './requiresRole.js';
import { generationConditions, sampleConditions } from './filters.js';

@Resolver(() => Generation)
export class GenerationResolver {
  @Query(() => Generation, { nullable: true })
  async generation(@Arg('id', () => ID) id: string, @Ctx() { generations }: Context): Promise<GenerationRow | null> {
    const [row] = await generations.byId([id]);
    return row ?? null;
  }

  @Query(() => GenerationConnection, { description: 'The newest first, unless orderBy says otherwise.' })
  async generations(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => GenerationFilter, { nullable: true }) filter: GenerationFilter | null,
    @Arg('orderBy', () => GenerationOrder, { nullable: true }) orderBy: OrderBy<'CREATED_AT'> | null,
    @Ctx() { generations, loaders }: Context,
  ): Promise<Connection<GenerationRow>> {
    const request = pageRequest(args, GENERATION_ORDERS, orderBy);
    const conditions = generationConditions(filter);
    const found = await generations.page(request, conditions);
    return connection(found, request, GENERATION_ORDERS, () => loaders.inTurn(() => generations.count(conditions)));
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => [Generation], {
    description: 'Accepts all items or none, and returns the generations in the order of the input.',
  })
  async generateDefects(
    @Arg('input', () => [GenerateDefectsInput]) input: GenerateDefectsInput[],
    @Ctx() { loaders, services }: Context,
  ): Promise<GenerationRow[]> {
    const max = services.config.limits.generationsPerRequest;
    if (input.length === 0) throw outOfRange('input', 'must have at least one item', { min: 1, max, value: 0 });
    return Promise.all(input.map((item) => loaders.admission.load(item)));
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => [Generation], {
    description:
      'Transplants for what a detector got wrong: one generation for each miss, in the order of `missed` and then of `falseAlarms`. ' +
      'Accepts all of them or none.',
  })
  generateForMisses(
    @Arg('input', () => GenerateForMissesInput) input: GenerateForMissesInput,
    @Ctx() { scope, rules }: Context,
  ): Promise<readonly GenerationRow[]> {
    return admitForMisses(scope, rules, input);
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Generation, { description: 'Takes effect at once. Finished generations are unchanged.' })
  cancelGeneration(@Arg('id', () => ID) id: string, @Ctx() { generations }: Context): Promise<GenerationRow> {
    return generations.cancel(id);
  }

  @FieldResolver(() => Product)
  product(@Root() { productId }: GenerationRow, @Ctx() { loaders }: Context): Promise<ProductRow> {
    return loaders.product.load(productId);
  }

  @FieldResolver(() => Defect)
  defect(@Root() { defectId }: GenerationRow, @Ctx() { loaders }: Context): Promise<DefectRow> {
    return loaders.defect.load(defectId);
  }

  @FieldResolver(() => Coverage, { description: 'As it was when the request was accepted.' })
  coverage(@Root() { settings }: GenerationRow): keyof typeof Coverage {
    return settings.coverage;
  }

  @FieldResolver(() => GenerationRequest)
  async request(@Root() row: GenerationRow, @Ctx() { loaders }: Context): Promise<GenerationRequest> {
    const [{ partNumber }, { code }] = await Promise.all([
      loaders.product.load(row.productId),
      loaders.defect.load(row.defectId),
    ]);
    const resolved = resolvedRequestOf(row, { partNumber, defectCode: code }) as GenerationRequest;
    return Object.assign(resolved, { settings: row.settings });
  }

  @FieldResolver(() => Progress)
  progress(@Root() { count, settings, samplesDone, stepsDone }: GenerationRow): Progress {
    return progressOf({ samplesDone, samplesTotal: count, stepsDone, stepsTotal: count * settings.steps });
  }

  @FieldResolver(() => [Attempt], { description: 'One entry for each time that a worker claimed the generation.' })
  attempts(@Root() { id }: GenerationRow, @Ctx() { loaders }: Context): Promise<readonly AttemptRow[]> {
    return loaders.attempts.load(id);
  }

  @FieldResolver(() => Int, { description: 'How many drawn samples were rejected because they scored below a bound.' })
  rejectedSamples(@Root() { id }: GenerationRow, @Ctx() { loaders }: Context): Promise<number> {
    return loaders.rejected.load(id);
  }

  @FieldResolver(() => Int, { deprecationReason: 'Use `rejectedSamples`.' })
  rejectedAttempts(@Root() { id }: GenerationRow, @Ctx() { loaders }: Context): Promise<number> {
    return loaders.rejected.load(id);
  }

  @FieldResolver(() => GenerationError, { nullable: true })
  error(@Root() { failure }: GenerationRow): GenerationError | null {
    return failure;
  }

  @FieldResolver(() => SampleConnection, { description: 'The samples that are ready, sorted by index.' })
  async samples(
    @Root() { id }: GenerationRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => SampleFilter, { nullable: true }) filter: SampleFilter | null,
    @Ctx() { loaders, samples }: Context,
  ): Promise<Connection<SampleRow>> {
    const request = pageRequest(args, SAMPLE_ORDERS);
    const conditions = sampleConditions(filter);
    const under = { parent: 'generation', id } as const;
    const found = await loaders.samplesUnder.load({ ...under, request, conditions });
    return connection(found, request, SAMPLE_ORDERS, () => loaders.inTurn(() => samples.count(conditions, under)));
  }
}

export function progressOf(figures: ProgressCounts): Progress {
  return { ...figures, fraction: figures.stepsDone / figures.stepsTotal };
}
