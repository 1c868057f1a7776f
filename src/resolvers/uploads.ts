import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { modelsOf } from '../models/modelRepository.js';
import { modelsNamed } from '../models/tenantRegistry.js';
import { maximumBytes } from '../references/uploads.js';
import { DataSet } from '../schema/dataSet.js';
import { Model } from '../schema/model.js';
import { Reference, RegionMask } from '../schema/reference.js';
import { CreateUploadInput, Upload } from '../schema/upload.js';
import type { DataSetRow, ReferenceRow, RegionMaskRow, UploadRow } from '../storage/tables.js';
import type { Context } from './context.js';
import { modelOf } from './models.js';
import { RequiresRole } from './requiresRole.js';

@Resolver(() => Upload)
export class UploadResolver {
  @RequiresRole('OPERATOR')
  @Query(() => Upload, {
    nullable: true,
    description: 'Requires OPERATOR too, because the URL is a permission to write.',
  })
  async upload(@Arg('id', () => ID) id: string, @Ctx() context: Context): Promise<Upload | null> {
    const row = await context.uploads.byId(id);
    return row === undefined ? null : signedUpload(row, context);
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Upload)
  async createUpload(
    @Arg('input', () => CreateUploadInput) input: CreateUploadInput,
    @Ctx() context: Context,
  ): Promise<Upload> {
    return signedUpload(await context.uploads.create(input), context);
  }

  @FieldResolver(() => Reference, {
    nullable: true,
    description: 'The photograph that the uploaded file became. Only uploads with the purpose REFERENCE have it.',
  })
  reference(@Root() { referenceId }: UploadRow, @Ctx() { loaders }: Context): Promise<ReferenceRow> | null {
    return referenceId === null ? null : loaders.reference.load(referenceId);
  }

  @FieldResolver(() => RegionMask, {
    nullable: true,
    description: 'The region mask that the uploaded file became. Only uploads with the purpose MASK have it.',
  })
  mask(@Root() { maskId }: UploadRow, @Ctx() { loaders }: Context): Promise<RegionMaskRow> | null {
    return maskId === null ? null : loaders.mask.load(maskId);
  }

  @FieldResolver(() => DataSet, {
    nullable: true,
    description: 'The data set that the uploaded archive became. Only uploads with the purpose DATA_SET have it.',
  })
  dataSet(@Root() { dataSetId }: UploadRow, @Ctx() { loaders }: Context): Promise<DataSetRow> | null {
    return dataSetId === null ? null : loaders.dataSet.load(dataSetId);
  }

  @FieldResolver(() => Model, {
    nullable: true,
    description:
      'The model that the uploaded file became, until it is deleted. Only uploads with the purpose MODEL have it.',
  })
  async model(@Root() { modelId }: UploadRow, @Ctx() { scope, services }: Context): Promise<Model | null> {
    const row = modelId === null ? undefined : await modelsOf(scope).byId(modelId);
    if (row === undefined || row.deletedAt !== null) return null;
    const name = `${row.name}@${row.version}`;
    const models = await modelsNamed(scope, services.models, [name]);
    const bundle = models.all.find((one) => one.id === name);
    return bundle === undefined ? null : modelOf(bundle, models);
  }
}

export function signedUpload(row: UploadRow, { services, identity, origin }: Context): Upload & UploadRow {
  const { path, expiresAt } = services.uploadSigner.sign(identity, row.id);
  return {
    ...row,
    url: new URL(path, origin),
    expiresAt,
    maximumBytes: maximumBytes(row.purpose, services.config.limits),
  };
}
