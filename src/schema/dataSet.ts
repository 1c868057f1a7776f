import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { DATA_SET_ORDERS } from '../dataSets/dataSetRepository.js';
import { FINDING_KINDS } from '../storage/dataSetFindings.js';
import type { DataSetFinding as Finding } from '../storage/dataSetFindings.js';
import { DateTime } from './dateTime.js';
import { connectionType, orderInput } from './connection.js';
import { namesOf } from './enums.js';
import { Node } from './node.js';
import { SampleFilter } from './sample.js';

const DataSetSplit = namesOf('TRAIN', 'TEST');
const DataSetFindingKind = namesOf(...FINDING_KINDS);

registerEnumType(DataSetSplit, {
  name: 'DataSetSplit',
  valuesConfig: {
    TRAIN: { description: 'A model learns from it.' },
    TEST: { description: 'A model is tested on it and never learns from it.' },
  },
});

registerEnumType(DataSetFindingKind, {
  name: 'DataSetFindingKind',
  valuesConfig: {
    MASK_MAY_BE_INVERTED: { description: 'The mask marks most of the photograph and of its border.' },
    DEFECT_TINY: { description: 'The defect covers little of the window that a model sees.' },
    SMALLER_THAN_WINDOW: { description: 'The photograph is smaller than the window that a model sees.' },
    FEW_PHOTOGRAPHS: { description: 'There are few photographs to learn a defect, or the good state, from.' },
    NO_TEST_PHOTOGRAPHS: { description: 'There are no photographs to test a defect, or the good state, on.' },
    GOOD_AND_DEFECTIVE: { description: 'The same pixels are listed as a good part and as a defect.' },
  },
});

@ObjectType({
  description:
    'What a model would not learn well, in the words of `defectdiffu-train check`. It keeps nothing from being trained.',
})
export class DataSetFinding implements Finding {
  @Field(() => DataSetFindingKind)
  kind!: keyof typeof DataSetFindingKind;

  @Field(() => String)
  message!: string;
}

@ObjectType()
export class DataSetCounts {
  @Field(() => Int)
  goodPhotographs!: number;

  @Field(() => Int)
  defectivePhotographs!: number;

  @Field(() => Int)
  samples!: number;

  @Field(() => Int)
  train!: number;

  @Field(() => Int)
  test!: number;

  @Field(() => Int, { description: 'Members of which something is to be said.' })
  withFindings!: number;
}

@ObjectType({
  implements: Node,
  description:
    'A version of a data set: photographs and samples that a model of your own learns from. It never changes; createDataSet with the same name makes the next version.',
})
export class DataSet {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => Int, { description: 'From 1. The number of a deleted version is not given again.' })
  version!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'The share of photographs for testing. Null if they were listed, as in the manifest.csv of an archive.',
  })
  testShare!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'What chose the photographs for testing. Null if they were listed.',
  })
  splitSeed!: number | null;

  @Field(() => [DataSetFinding], { description: 'Of the data set as a whole. See also the findings of its members.' })
  findings!: readonly DataSetFinding[];

  @Field(() => String, { nullable: true })
  idempotencyKey!: string | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'The subject of the caller who made it: "key:<id>" or "token:<sub>".',
  })
  createdBy!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Set when the version was deleted. It has no members then.' })
  deletedAt!: Date | null;
}

@ObjectType({ description: 'A photograph or a sample in a data set.' })
export class DataSetMember {
  @Field(() => Int, { description: 'From 0.' })
  position!: number;

  @Field(() => DataSetSplit)
  split!: keyof typeof DataSetSplit;

  @Field(() => [DataSetFinding])
  findings!: readonly DataSetFinding[];
}

export const DataSetConnection = connectionType(DataSet);
export const DataSetMemberConnection = connectionType(DataSetMember);
export const DataSetOrder = orderInput('DataSet', DATA_SET_ORDERS);

@InputType()
export class DataSetFilter {
  @Field(() => String, { nullable: true, description: 'The whole name: all versions of one data set.' })
  name?: string | null;
}

@InputType()
export class DataSetMemberFilter {
  @Field(() => DataSetSplit, { nullable: true })
  split?: keyof typeof DataSetSplit | null;

  @Field(() => Boolean, { nullable: true, description: 'True: only members with findings; false: only those without.' })
  hasFindings?: boolean | null;
}

@InputType({
  description: 'All that is named here together is the data set; each photograph and sample is in it once.',
})
export class CreateDataSetInput {
  @Field(() => String, { description: 'The same name again makes the next version.' })
  name!: string;

  @Field(() => [String], {
    nullable: true,
    description: 'All photographs of these products that are not archived. At most 100.',
  })
  partNumbers?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Photographs, of good parts and of defective ones.' })
  referenceIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Samples, whatever their review. They are for learning only.' })
  sampleIds?: string[] | null;

  @Field(() => SampleFilter, {
    nullable: true,
    description: 'Samples that match and whose review is ACCEPTED. {} for all of those. They are for learning only.',
  })
  acceptedSamples?: SampleFilter | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'The share of the photographs of each product and defect for testing, 0 … 0.9; of two or more, at least one is for testing unless it is 0. ' +
      'Photographs with the same pixels stay together, and what a sample shows is for learning. Default: 0.3.',
  })
  testShare?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Chooses the photographs for testing. The same seed and photographs give the same choice. Default: 0.',
  })
  splitSeed?: number | null;

  @Field(() => [ID], { nullable: true, description: 'Exactly these photographs are for testing, in place of a share.' })
  testReferenceIds?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Makes a retry safe: the same key with the same input always returns the same version.',
  })
  idempotencyKey?: string | null;
}
