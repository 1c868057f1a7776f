import { Field, Float, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import { DeviceState, Precision } from './enums.js';

@ObjectType({ description: 'A model as a device runs it.' })
export class RunningModel {
  @Field(() => String, { description: 'name@version' })
  model!: string;

  @Field(() => Precision, { description: 'Of its denoiser, which is nearly all of the work.' })
  precision!: keyof typeof Precision;

  @Field(() => Int, {
    description:
      'Rows of one step, measured when the device opened the model or set by MAX_ROWS; a sample has two or three.',
  })
  rowsPerStep!: number;
}

@ObjectType({ description: 'What draws, in the workers that have told of themselves in the last seconds.' })
export class Device {
  @Field(() => ID, { description: 'The process that it belongs to.' })
  workerId!: string;

  @Field(() => String, { description: 'cpu, cuda:0 …' })
  device!: string;

  @Field(() => String, { description: 'The execution provider that is live, not the one that was wished for.' })
  provider!: string;

  @Field(() => DeviceState)
  state!: keyof typeof DeviceState;

  @Field(() => Int, { description: 'How often its process was replaced.' })
  restarts!: number;

  @Field(() => [String], { description: 'The models it has loaded, name@version.' })
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

  @Field(() => Int, { description: 'Over all tenants; beyond it requests get QUEUE_FULL.' })
  queuedSamples!: number;

  @Field(() => Int)
  samplesPerExport!: number;

  @Field(() => Int, { description: 'Of one file; beyond it an upload gets UPLOAD_TOO_LARGE.' })
  maximumUploadBytes!: number;

  @Field(() => Int, { description: 'Products, defects and aliases of one importCatalog, together.' })
  catalogItems!: number;

  @Field(() => Int)
  pageSize!: number;
}

@ObjectType({
  description: 'How long the service was deaf: delays of its event loop over the last one to two minutes.',
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

  @Field(() => GraphQLISODateTime)
  startedAt!: Date;

  @Field(() => [Device])
  devices!: Device[];

  @Field(() => ServerLimits)
  limits!: ServerLimits;

  @Field(() => EventLoopDelay)
  eventLoopDelay!: EventLoopDelay;
}
