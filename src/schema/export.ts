import { GraphQLSafeInt, GraphQLURL } from 'graphql-scalars';
import { Field, Float, GraphQLISODateTime, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionType } from './connection.js';
import { CocoSegmentation, ExportFormat, ExportStatus } from './enums.js';
import { SampleFilter } from './sample.js';

@ObjectType({
  description:
    'A zip file. Its URL needs no key, and a download that broke off goes on with a range request; fetch it before it expires, or ask again.',
})
export class Archive {
  @Field(() => GraphQLURL)
  url!: URL;

  @Field(() => String)
  contentType!: string;

  @Field(() => GraphQLSafeInt)
  bytes!: number;

  @Field(() => String, { description: 'Of the file, hex.' })
  sha256!: string;

  @Field(() => GraphQLISODateTime, { description: 'Of the URL.' })
  expiresAt!: Date;
}

@ObjectType()
export class ExportProgress {
  @Field(() => Int, { description: 'Falls back when the service is restarted: an archive is written from the start.' })
  samplesDone!: number;

  @Field(() => Int)
  samplesTotal!: number;

  @Field(() => Float, { description: 'samplesDone / samplesTotal' })
  fraction!: number;
}

@ObjectType({ description: 'Why an export failed; while it is not over, why its last attempt did.' })
export class ExportError {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;
}

@ObjectType({ description: 'What was asked for, with every default filled in.' })
export class ExportOptions {
  @Field(() => CocoSegmentation)
  cocoSegmentation!: keyof typeof CocoSegmentation;

  @Field(() => Boolean)
  normals!: boolean;

  @Field(() => Float)
  heldOutFraction!: number;

  @Field(() => Int)
  splitSeed!: number;
}

@ObjectType({ description: 'A data set made of samples, as one archive.' })
export class Export {
  @Field(() => ID)
  id!: string;

  @Field(() => ExportStatus)
  status!: keyof typeof ExportStatus;

  @Field(() => ExportFormat)
  format!: keyof typeof ExportFormat;

  @Field(() => Int, { description: 'The set is that of the moment of acceptance, less what was deleted since.' })
  sampleCount!: number;

  @Field(() => String, { nullable: true })
  idempotencyKey!: string | null;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  finishedAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: "When its archive was deleted, as the tenant's retention says.",
  })
  expiredAt!: Date | null;
}

export const ExportConnection = connectionType(Export);

@InputType()
export class ExportDatasetInput {
  @Field(() => ExportFormat)
  format!: keyof typeof ExportFormat;

  @Field(() => SampleFilter, {
    nullable: true,
    description: 'Left out: all samples. Those with an empty mask are left out always.',
  })
  filter?: SampleFilter | null;

  @Field(() => CocoSegmentation, { nullable: true, description: 'Of COCO. Default POLYGONS.' })
  cocoSegmentation?: keyof typeof CocoSegmentation | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Also pictures without a defect: normal twins, and the photographs drawn on. Default: for MVTEC_AD.',
  })
  normals?: boolean | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'Share that is kept for testing, 0 … 0.9, of each product and defect; of MVTEC_AD, whose defects are all for testing, of the good pictures. Default 0.2.',
  })
  heldOutFraction?: number | null;

  @Field(() => Int, { nullable: true, description: 'Which are kept: the same seed, the same. Default 0.' })
  splitSeed?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Makes a retry safe: the same key with the same input gives the same export back, for ever.',
  })
  idempotencyKey?: string | null;
}
