import { GraphQLSafeInt, GraphQLURL } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { EXPORT_ORDERS } from '../exports/exportRepository.js';
import { Node } from './node.js';
import { connectionType, orderInput } from './connection.js';
import { CocoSegmentation, ExportFormat, ExportStatus } from './enums.js';
import { SampleFilter } from './sample.js';

@ObjectType({
  description:
    'A zip file. Its URL needs no key, and a broken download can continue with a range request. Query again for a new URL when this one has expired.',
})
export class Archive {
  @Field(() => GraphQLURL)
  url!: URL;

  @Field(() => String)
  contentType!: string;

  @Field(() => GraphQLSafeInt)
  bytes!: number;

  @Field(() => String, { description: 'SHA-256 of the file, in hexadecimal.' })
  sha256!: string;

  @Field(() => DateTime, { description: 'When the URL expires.' })
  expiresAt!: Date;
}

@ObjectType()
export class ExportProgress {
  @Field(() => Int, {
    description:
      'Starts again at 0 when the service restarts, because an archive is always written from the beginning.',
  })
  samplesDone!: number;

  @Field(() => Int)
  samplesTotal!: number;

  @Field(() => Float, { description: 'samplesDone / samplesTotal' })
  fraction!: number;
}

@ObjectType({ description: 'Why an export failed. Before the export is finished: why its last attempt failed.' })
export class ExportError {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;
}

@ObjectType({ description: 'Which photographs an export has beside its samples.' })
export class ExportPhotographs {
  @Field(() => Boolean)
  own!: boolean;

  @Field(() => Boolean)
  ofOtherProducts!: boolean;
}

@ObjectType({ description: 'The options of the request, with all defaults filled in.' })
export class ExportOptions {
  @Field(() => CocoSegmentation)
  cocoSegmentation!: keyof typeof CocoSegmentation;

  @Field(() => Boolean)
  normals!: boolean;

  @Field(() => Float)
  heldOutFraction!: number;

  @Field(() => Int)
  splitSeed!: number;

  @Field(() => ExportPhotographs)
  photographs!: ExportPhotographs;
}

@ObjectType({ implements: Node, description: 'A data set of samples, as one archive.' })
export class Export {
  @Field(() => ID)
  id!: string;

  @Field(() => ExportStatus)
  status!: keyof typeof ExportStatus;

  @Field(() => ExportFormat)
  format!: keyof typeof ExportFormat;

  @Field(() => Int, {
    description: 'The number of samples when the export was accepted, less those that were deleted since.',
  })
  sampleCount!: number;

  @Field(() => Int, {
    description:
      'The number of defective photographs when the export was accepted; of one that succeeded, those in the archive.',
  })
  photographCount!: number;

  @Field(() => String, { nullable: true })
  idempotencyKey!: string | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description:
      'The subject of the caller who requested it: "key:<id>" or "token:<sub>". Null for those of older versions.',
  })
  createdBy!: string | null;

  @Field(() => DateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  finishedAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When retention deleted the archive.',
  })
  expiredAt!: Date | null;
}

export const ExportConnection = connectionType(Export);
export const ExportOrder = orderInput('Export', EXPORT_ORDERS);

@InputType()
export class ExportPhotographsInput {
  @Field(() => Boolean, {
    nullable: true,
    description: 'Those of the products and defects that the export has samples of. Default: false.',
  })
  own?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Those of the products that the export has no sample of: with its defects, or if there are none, with whatever defect. They are for training. Default: false.',
  })
  ofOtherProducts?: boolean | null;
}

@InputType()
export class ExportDatasetInput {
  @Field(() => ExportFormat)
  format!: keyof typeof ExportFormat;

  @Field(() => SampleFilter, {
    nullable: true,
    description: 'Default: all samples. Samples with an empty mask are always left out.',
  })
  filter?: SampleFilter | null;

  @Field(() => CocoSegmentation, { nullable: true, description: 'Only for COCO. Default: POLYGONS.' })
  cocoSegmentation?: keyof typeof CocoSegmentation | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether to include images without a defect: normal twins, and the photographs that samples were drawn on. Default: true for MVTEC_AD, otherwise false.',
  })
  normals?: boolean | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'The share of samples held out for testing, 0 … 0.9, per product and defect. For MVTEC_AD, whose defects are all for testing, it is the share of good images. Default: 0.2.',
  })
  heldOutFraction?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Selects the held-out samples. The same seed selects the same samples. Default: 0.',
  })
  splitSeed?: number | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'Defect codes in the order of the class numbers, for COCO and YOLO_SEGMENTATION; at most 1000. Every defect of the set must be listed. Default: a list of the tenant that only grows: a defect keeps its number in all exports.',
  })
  classes?: string[] | null;

  @Field(() => ExportPhotographsInput, {
    nullable: true,
    description:
      'Your own photographs of defects, with their masks, beside the samples; manifest.json keeps the two apart. Refused when no photograph matches. Default: none.',
  })
  photographs?: ExportPhotographsInput | null;

  @Field(() => String, {
    nullable: true,
    description: 'Makes a retry safe: the same key with the same input always returns the same export.',
  })
  idempotencyKey?: string | null;
}
