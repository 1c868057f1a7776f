import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Product } from '../schema/catalog.js';
import { Reference, RegionMask } from '../schema/reference.js';
import { Artifact } from '../schema/sample.js';
import type { CursorShape } from '../storage/pagination.js';
import type { ProductRow, ReferenceRow, RegionMaskRow } from '../storage/tables.js';
import { toArtifact } from './toArtifact.js';
import type { Context } from './context.js';
import { RequiresRole } from './requiresRole.js';

export const REFERENCE_KEY: CursorShape = ['id'];
export const referenceKey = (row: ReferenceRow): [string] => [row.id];

@Resolver(() => Reference)
export class ReferenceResolver {
  @Query(() => Reference, { nullable: true })
  async reference(@Arg('id', () => ID) id: string, @Ctx() { references }: Context): Promise<ReferenceRow | null> {
    return (await references.byId(id)) ?? null;
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Reference, {
    description:
      'Removes the photograph from lists. Samples that were drawn on it stay. Uploading the photograph again restores it.',
  })
  archiveReference(@Arg('id', () => ID) id: string, @Ctx() { references }: Context): Promise<ReferenceRow> {
    return references.archive(id);
  }

  @FieldResolver(() => Artifact, { description: 'PNG, 8-bit sRGB, upright, without metadata.' })
  image(@Root() { artifactKey }: ReferenceRow, @Ctx() context: Context): Promise<Artifact> {
    return toArtifact(artifactKey, context);
  }

  @FieldResolver(() => Product)
  product(@Root() { productId }: ReferenceRow, @Ctx() { loaders }: Context): Promise<ProductRow> {
    return loaders.product.load(productId);
  }
}

@Resolver(() => RegionMask)
export class RegionMaskResolver {
  @Query(() => RegionMask, { nullable: true })
  async regionMask(@Arg('id', () => ID) id: string, @Ctx() { masks }: Context): Promise<RegionMaskRow | null> {
    return (await masks.byId(id)) ?? null;
  }

  @FieldResolver(() => Artifact, { description: 'PNG, 8-bit grayscale: 255 inside the region, 0 outside.' })
  image(@Root() { artifactKey }: RegionMaskRow, @Ctx() context: Context): Promise<Artifact> {
    return toArtifact(artifactKey, context);
  }
}
