import { Arg, Args, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { SampleOrderField } from '../generations/samples/sampleOrder.js';
import { SAMPLE_ORDERS } from '../generations/samples/sampleOrder.js';
import type { Connection, OrderBy } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import { Generation } from '../schema/generation.js';
import { Scores } from '../schema/quality.js';
import { Reference } from '../schema/reference.js';
import { Artifact, Sample, SampleConnection, SampleFilter } from '../schema/sample.js';
import { SampleOrder } from '../schema/sampleStatistics.js';
import { Transplant } from '../schema/transplant.js';
import { pageRequest } from '../storage/pagination.js';
import type { GenerationRow, ReferenceRow, SampleRow } from '../storage/tables.js';
import { toArtifact } from './toArtifact.js';
import type { Context } from './context.js';
import { sampleConditions } from './filters.js';

@Resolver(() => Sample)
export class SampleResolver {
  @Query(() => SampleConnection, {
    description: 'Without `orderBy`, the newest generation first; within a generation, sorted by index.',
  })
  async samples(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => SampleFilter, { nullable: true }) filter: SampleFilter | null,
    @Arg('orderBy', () => SampleOrder, { nullable: true }) orderBy: OrderBy<SampleOrderField> | null,
    @Ctx() { samples, loaders }: Context,
  ): Promise<Connection<SampleRow>> {
    const request = pageRequest(args, SAMPLE_ORDERS, orderBy);
    const conditions = sampleConditions(filter);
    const found = await samples.page(request, conditions);
    return connection(found, request, SAMPLE_ORDERS, () => loaders.inTurn(() => samples.count(conditions)));
  }

  @FieldResolver(() => Int, { description: 'How often the sample was drawn, from 1. Earlier draws were rejected.' })
  draws(@Root() { attempt }: SampleRow): number {
    return attempt;
  }

  @FieldResolver(() => Generation)
  generation(@Root() { generationId }: SampleRow, @Ctx() { loaders }: Context): Promise<GenerationRow> {
    return loaders.generation.load(generationId);
  }

  @FieldResolver(() => Artifact, { description: 'PNG, 8-bit RGB.' })
  image(@Root() { imageKey }: SampleRow, @Ctx() context: Context): Promise<Artifact> {
    return toArtifact(imageKey, context);
  }

  @FieldResolver(() => Artifact, { description: 'PNG, 8-bit grayscale: 255 inside the defect, 0 elsewhere.' })
  mask(@Root() { maskKey }: SampleRow, @Ctx() context: Context): Promise<Artifact> {
    return toArtifact(maskKey, context);
  }

  @FieldResolver(() => Artifact, { description: 'PNG, 8-bit RGB: the image with the mask tinted and outlined.' })
  overlay(@Root() { overlayKey }: SampleRow, @Ctx() context: Context): Promise<Artifact> {
    return toArtifact(overlayKey, context);
  }

  @FieldResolver(() => Artifact, {
    nullable: true,
    description: 'PNG, 8-bit grayscale: 255 where pixels were allowed to change. Only samples on a reference have it.',
  })
  async region(@Root() { regionKey }: SampleRow, @Ctx() context: Context): Promise<Artifact | null> {
    return regionKey === null ? null : toArtifact(regionKey, context);
  }

  @FieldResolver(() => Artifact, {
    nullable: true,
    description:
      'PNG, 8-bit grayscale: 255 where a pixel is neither clearly defect nor clearly normal, so that the loss of a detector can leave it out. ' +
      'Null if there is no such pixel, and for samples of versions that did not record it.',
  })
  async ignoreMask(@Root() { ignoreKey }: SampleRow, @Ctx() context: Context): Promise<Artifact | null> {
    return ignoreKey === null ? null : toArtifact(ignoreKey, context);
  }

  @FieldResolver(() => Artifact, {
    nullable: true,
    description: 'PNG, 8-bit RGB: the normal twin, if it was requested or drawn on.',
  })
  async twin(@Root() { twinKey }: SampleRow, @Ctx() context: Context): Promise<Artifact | null> {
    return twinKey === null ? null : toArtifact(twinKey, context);
  }

  @FieldResolver(() => Reference, { nullable: true, description: 'The photograph that the sample is drawn on.' })
  async reference(@Root() { referenceId }: SampleRow, @Ctx() { loaders }: Context): Promise<ReferenceRow | null> {
    return referenceId === null ? null : loaders.reference.load(referenceId);
  }

  @FieldResolver(() => Reference, {
    nullable: true,
    description: 'The photograph that the defect was transplanted from; null if it was a sample.',
  })
  async defectReference(
    @Root() { defectReferenceId }: SampleRow,
    @Ctx() { loaders }: Context,
  ): Promise<ReferenceRow | null> {
    return defectReferenceId === null ? null : loaders.reference.load(defectReferenceId);
  }

  @FieldResolver(() => Sample, { nullable: true, description: 'The sample that the defect was transplanted from.' })
  async donorSample(@Root() { donorSampleId }: SampleRow, @Ctx() { loaders }: Context): Promise<SampleRow | null> {
    return donorSampleId === null ? null : loaders.sample.load(donorSampleId);
  }

  @FieldResolver(() => Transplant, { nullable: true, description: 'Null unless the defect was transplanted.' })
  transplant(@Root() { transplant }: SampleRow): Transplant | null {
    if (transplant === null) return null;
    const { notHarmonized, ...place } = transplant;
    return { ...place, harmonized: notHarmonized === null, notHarmonizedReason: notHarmonized };
  }

  @FieldResolver(() => Sample, {
    nullable: true,
    description:
      'The sample on whose image this one is drawn. The mask marks the defects of both; the scores are for this one.',
  })
  async base(@Root() { baseSampleId }: SampleRow, @Ctx() { loaders }: Context): Promise<SampleRow | null> {
    return baseSampleId === null ? null : loaders.sample.load(baseSampleId);
  }

  @FieldResolver(() => Scores, {
    nullable: true,
    description: 'Only samples on a reference, and samples with a twin, have scores.',
  })
  scores(@Root() { visibility, agreement, seam, filling, direction }: SampleRow): Scores | null {
    if (visibility === null || agreement === null || seam === null) return null;
    return { visibility, agreement, seam, filling, direction };
  }
}
