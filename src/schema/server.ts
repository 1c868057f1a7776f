import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { DeviceState, Precision } from './enums.js';
import { TrainingDefaults, TrainingRanges } from './trainingDefaults.js';

@ObjectType({ description: 'A model as a device runs it.' })
export class RunningModel {
  @Field(() => String, { description: 'name@version' })
  model!: string;

  @Field(() => Precision, { description: 'The precision of its denoiser, which does nearly all of the work.' })
  precision!: keyof typeof Precision;

  @Field(() => Int, {
    description:
      'The rows of one step, measured when the device opened the model or set by MAX_ROWS. A sample has two or three rows.',
  })
  rowsPerStep!: number;
}

@ObjectType({ description: 'A device of a worker that reported within the last seconds.' })
export class Device {
  @Field(() => ID, { description: 'The process that the device belongs to.' })
  workerId!: string;

  @Field(() => String, { description: 'cpu, cuda:0 …' })
  device!: string;

  @Field(() => String, { description: 'The execution provider in use, which can differ from the requested one.' })
  provider!: string;

  @Field(() => DeviceState)
  state!: keyof typeof DeviceState;

  @Field(() => Int, { description: 'How often its process was replaced.' })
  restarts!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'The share of the last minute in which it denoised, 0 … 1. Null for a worker of an older version.',
  })
  load!: number | null;

  @Field(() => [String], { description: 'The loaded models, as name@version.' })
  models!: readonly string[];

  @Field(() => [RunningModel], { description: 'Empty until the device is ready.' })
  running!: RunningModel[];
}

@ObjectType({ description: 'What one request may ask for.' })
export class ServerLimits {
  @Field(() => Int)
  samplesPerGeneration!: number;

  @Field(() => Int)
  generationsPerRequest!: number;

  @Field(() => Int, { description: 'Over all tenants. Beyond it, requests get QUEUE_FULL.' })
  queuedSamples!: number;

  @Field(() => Int, { description: 'And as many photographs.' })
  samplesPerExport!: number;

  @Field(() => GraphQLSafeInt, { description: 'The stored size of the photographs of one export.' })
  photographBytesPerExport!: number;

  @Field(() => Int, { description: 'The size of one file. Beyond it, an upload gets UPLOAD_TOO_LARGE.' })
  maximumUploadBytes!: number;

  @Field(() => Int, { description: 'Products, defects, and aliases of one importCatalog, in total.' })
  catalogItems!: number;

  @Field(() => Int, { description: "A tenant's own models: see the upload purpose MODEL." })
  modelsPerTenant!: number;

  @Field(() => Int, { description: "The size of a tenant's own bundle, packed and unpacked." })
  maximumModelBytes!: number;

  @Field(() => Int, { description: 'The most that `startTraining` takes.' })
  trainingMinutes!: number;

  @Field(() => Int, { description: 'Versions of data sets that a tenant may have.' })
  dataSetsPerTenant!: number;

  @Field(() => Int, { description: 'Photographs and samples of one version of a data set.' })
  membersPerDataSet!: number;

  @Field(() => Int, { description: 'The size of an archive of photographs: see the upload purpose DATA_SET.' })
  maximumArchiveBytes!: number;

  @Field(() => Int)
  photographsPerArchive!: number;

  @Field(() => Int)
  pageSize!: number;
}

@ObjectType({
  description: 'How long the event loop was blocked, over the last one to two minutes.',
})
export class EventLoopDelay {
  @Field(() => Float)
  maxMs!: number;

  @Field(() => Float)
  p99Ms!: number;

  @Field(() => Float)
  meanMs!: number;
}

@ObjectType()
export class ServerInfo {
  @Field(() => String)
  version!: string;

  @Field(() => DateTime)
  startedAt!: Date;

  @Field(() => [Device])
  devices!: Device[];

  @Field(() => Int, { description: 'Trainers that are alive. With none, startTraining answers NO_TRAINER.' })
  trainers!: number;

  @Field(() => ServerLimits)
  limits!: ServerLimits;

  @Field(() => TrainingDefaults)
  trainingDefaults!: TrainingDefaults;

  @Field(() => TrainingRanges)
  trainingRanges!: TrainingRanges;

  @Field(() => EventLoopDelay)
  eventLoopDelay!: EventLoopDelay;
}
