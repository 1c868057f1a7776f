import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Defect, Product } from '../schema/catalog.js';
import { ReferenceState } from '../schema/enums.js';
import { Reference, RegionMask } from '../schema/reference.js';
import { Artifact } from '../schema/sample.js';
import type { DefectRow, ProductRow, ReferenceRow, RegionMaskRow } from '../storage/tables.js';
import { toArtifact } from './toArtifact.js';
import type { Context } from './context.js';
import { RequiresRole } from './requiresRole.js';

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

  @FieldResolver(() => ReferenceState)
  state(@Root() { defectId }: ReferenceRow): keyof typeof ReferenceState {
    return defectId === null ? 'GOOD' : 'DEFECTIVE';
  }

  @FieldResolver(() => Defect, { nullable: true, description: 'The defect that a DEFECTIVE photograph shows.' })
  async defect(@Root() { defectId }: ReferenceRow, @Ctx() { loaders }: Context): Promise<DefectRow | null> {
    return defectId === null ? null : loaders.defect.load(defectId);
  }

  @FieldResolver(() => RegionMask, { nullable: true, description: 'The mask that marks the defect.' })
  async mask(@Root() { maskId }: ReferenceRow, @Ctx() { loaders }: Context): Promise<RegionMaskRow | null> {
    return maskId === null ? null : loaders.mask.load(maskId);
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
