import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { modelsOf } from '../models/modelRepository.js';
import { modelsNamed } from '../models/tenantRegistry.js';
import type { Connection, OrderBy } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import { DataSet } from '../schema/dataSet.js';
import { Model } from '../schema/model.js';
import { StartTrainingInput } from '../schema/startTrainingInput.js';
import {
  Training,
  TrainingConnection,
  TrainingError,
  TrainingFilter,
  TrainingOptions,
  TrainingOrder,
  TrainingProgress,
  TrainingVerdict,
} from '../schema/training.js';
import { TrainingImageGrid } from '../schema/trainingEvents.js';
import { pageRequest } from '../storage/pagination.js';
import type { DataSetRow, TrainingRow } from '../storage/tables.js';
import { reserveStorage } from '../tenants/quotas.js';
import { admitTrainings } from '../trainings/admitTrainings.js';
import { publishTraining } from '../trainings/publishTraining.js';
import { imageGridsOf } from '../trainings/trainingEvents.js';
import { TRAINING_ORDERS } from '../trainings/trainingRepository.js';
import type { Context } from './context.js';
import { modelOf } from './models.js';
import { RequiresRole } from './requiresRole.js';
import { toImageGrid, toProgress, toVerdict } from './trainingViews.js';

@Resolver(() => Training)
export class TrainingResolver {
  @Query(() => Training, { nullable: true })
  async training(@Arg('id', () => ID) id: string, @Ctx() { trainings }: Context): Promise<TrainingRow | null> {
    return (await trainings.byIds([id])).at(0) ?? null;
  }

  @Query(() => TrainingConnection, { description: 'The newest first, unless orderBy says otherwise.' })
  async trainings(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => TrainingFilter, { nullable: true }) filter: TrainingFilter | null,
    @Arg('orderBy', () => TrainingOrder, { nullable: true }) orderBy: OrderBy<'CREATED_AT'> | null,
    @Ctx() { trainings, loaders }: Context,
  ): Promise<Connection<TrainingRow>> {
    const request = pageRequest(args, TRAINING_ORDERS, orderBy);
    const conditions = { statuses: filter?.statuses ?? undefined };
    const found = await trainings.page(request, conditions);
    return connection(found, request, TRAINING_ORDERS, () => loaders.inTurn(() => trainings.count(conditions)));
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => [Training], {
    description:
      'Accepts all items or none, and returns the trainings in the order of the input. NO_TRAINER: the service has nobody who trains.',
  })
  startTraining(
    @Arg('input', () => [StartTrainingInput]) input: StartTrainingInput[],
    @Ctx() { scope, services }: Context,
  ): Promise<readonly TrainingRow[]> {
    return admitTrainings(scope, { models: services.models, limits: services.config.limits }, input);
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Training, { description: 'Takes effect at once. Finished trainings are unchanged.' })
  cancelTraining(@Arg('id', () => ID) id: string, @Ctx() { trainings }: Context): Promise<TrainingRow> {
    return trainings.cancel(id);
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Training, {
    description:
      'Makes the trained model one of the models of the tenant, so that requests can name it. The limits of uploaded models hold.',
  })
  async publishTraining(@Arg('id', () => ID) id: string, @Ctx() { scope, services }: Context): Promise<TrainingRow> {
    const { store, models, config, decoding } = services;
    const { modelsPerTenant, maximumModelBytes, tenant } = config.limits;
    const requireStorage = (tx: typeof scope, bytes: number) => reserveStorage(tx, tenant, bytes);
    const publishing = { scope, store, models, modelsPerTenant, maximumModelBytes, requireStorage };
    // The graph is read as an uploaded one is, in turns with all others.
    const row = await decoding.run(scope.tenantId, 1, () => publishTraining(publishing, id));
    services.log.info({ tenant: scope.tenantId, training: row.id, model: row.modelId }, 'a training was published');
    return row;
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Training, {
    description: 'Deletes the trained model. A model that was published stays: see deleteModel.',
  })
  discardTraining(@Arg('id', () => ID) id: string, @Ctx() { trainings }: Context): Promise<TrainingRow> {
    return trainings.discard(id);
  }

  @FieldResolver(() => DataSet)
  dataSet(@Root() { dataSetId }: TrainingRow, @Ctx() { loaders }: Context): Promise<DataSetRow> {
    return loaders.dataSet.load(dataSetId);
  }

  @FieldResolver(() => TrainingOptions)
  options(@Root() { settings }: TrainingRow): TrainingOptions {
    return { ...settings, measureDetectors: settings.measureDetectors ?? false };
  }

  @FieldResolver(() => TrainingProgress, { nullable: true, description: 'Null until the training has begun.' })
  progress(@Root() { progress }: TrainingRow): TrainingProgress | null {
    return progress && toProgress(progress);
  }

  @FieldResolver(() => TrainingVerdict, { nullable: true, description: 'Null until the model is trained.' })
  verdict(@Root() { verdict }: TrainingRow): TrainingVerdict | null {
    return verdict && toVerdict(verdict);
  }

  @FieldResolver(() => [TrainingImageGrid], { description: 'The newest first.' })
  async imageGrids(@Root() { id }: TrainingRow, @Ctx() context: Context): Promise<TrainingImageGrid[]> {
    const events = await context.loaders.inTurn(() => imageGridsOf(context.scope, id));
    return events.flatMap(({ payload }) => (payload.type === 'ImageGridReady' ? [toImageGrid(payload, context)] : []));
  }

  @FieldResolver(() => TrainingError, { nullable: true })
  error(@Root() { failure }: TrainingRow): TrainingError | null {
    return failure;
  }

  @FieldResolver(() => Boolean, { description: 'Whether there is a trained model to be published or discarded.' })
  isPublishable(@Root() { archiveKey }: TrainingRow): boolean {
    return archiveKey !== null;
  }

  @FieldResolver(() => Model, {
    nullable: true,
    description: 'What it was published as, until that model is deleted.',
  })
  async model(@Root() { modelId }: TrainingRow, @Ctx() { scope, services }: Context): Promise<Model | null> {
    const row = modelId === null ? undefined : await modelsOf(scope).byId(modelId);
    if (row === undefined || row.deletedAt !== null) return null;
    const name = `${row.name}@${row.version}`;
    const models = await modelsNamed(scope, services.models, [name]);
    const bundle = models.all.find((one) => one.id === name);
    return bundle === undefined ? null : modelOf(bundle, models);
  }
}
