import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Reference, RegionMask } from '../schema/reference.js';
import { CreateUploadInput, Upload } from '../schema/upload.js';
import type { ReferenceRow, RegionMaskRow, UploadRow } from '../storage/tables.js';
import type { Context } from './context.js';
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
}

export function signedUpload(row: UploadRow, { services, identity, origin }: Context): Upload & UploadRow {
  const { path, expiresAt } = services.uploadSigner.sign(identity, row.id);
  return { ...row, url: new URL(path, origin), expiresAt, maximumBytes: services.config.limits.maximumUploadBytes };
}
