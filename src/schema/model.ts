import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import type { GuidanceName, SamplerName } from '../inference/index.js';
import { DateTime } from './dateTime.js';
import { Coverage, Guidance, ModelVisibility, Sampler } from './enums.js';
import { Node } from './node.js';

@ObjectType()
export class ImageSize {
  @Field(() => Int)
  width!: number;

  @Field(() => Int)
  height!: number;
}

@ObjectType()
export class LicenseSource {
  @Field(() => String)
  product!: string;

  @Field(() => String)
  source!: string;

  @Field(() => String)
  license!: string;
}

@ObjectType()
export class License {
  @Field(() => String, { description: 'SPDX identifier or LicenseRef-…. AND joins several that apply at once.' })
  id!: string;

  @Field(() => String)
  terms!: string;

  @Field(() => [LicenseSource], { description: 'The licenses of the training data.' })
  sources!: LicenseSource[];
}

@ObjectType()
export class PairCoverage {
  @Field(() => String)
  product!: string;

  @Field(() => String)
  defect!: string;

  @Field(() => Coverage)
  coverage!: keyof typeof Coverage;
}

@ObjectType({ description: 'The words that a model reads: the prompt names of products and defects.' })
export class Vocabulary {
  @Field(() => [String])
  products!: string[];

  @Field(() => [String])
  defects!: string[];

  @Field(() => [PairCoverage], { description: 'Every product with every defect.' })
  pairs!: PairCoverage[];
}

@ObjectType({ description: 'Values for fields that a request leaves out.' })
export class ModelDefaults {
  @Field(() => Sampler)
  sampler!: SamplerName;

  @Field(() => Int)
  steps!: number;

  @Field(() => Float)
  strength!: number;

  @Field(() => Float)
  productScale!: number;

  @Field(() => Guidance)
  guidance!: GuidanceName;
}

@ObjectType({ description: 'Both bounds are inclusive.' })
export class ModelRange {
  @Field(() => Float)
  min!: number;

  @Field(() => Float)
  max!: number;
}

@ObjectType()
export class ModelRanges {
  @Field(() => ModelRange)
  strength!: ModelRange;

  @Field(() => ModelRange)
  productScale!: ModelRange;

  @Field(() => ModelRange)
  steps!: ModelRange;
}

@ObjectType({ description: "What a model's student can draw: the sampler TURBO." })
export class Turbo {
  @Field(() => [Int], { description: 'The numbers of steps that it learnt, in ascending order.' })
  steps!: number[];

  @Field(() => ModelRange)
  strength!: ModelRange;

  @Field(() => ModelRange)
  productScale!: ModelRange;
}

@ObjectType({ implements: Node, description: 'One version of a trained model.' })
export class Model {
  @Field(() => ID, {
    description: 'name@version, as generateDefects accepts it. Other tenants can have another model with it.',
  })
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  version!: string;

  @Field(() => String, { nullable: true })
  description!: string | null;

  @Field(() => Boolean, { description: 'Whether it is used when a request names no model.' })
  isDefault!: boolean;

  @Field(() => ModelVisibility)
  visibility!: keyof typeof ModelVisibility;

  @Field(() => String, {
    nullable: true,
    description: 'The model, name@version, that an adapter belongs to. Null for a bundle.',
  })
  base!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was uploaded or published. Null for a PUBLIC model.' })
  uploadedAt!: Date | null;

  @Field(() => Boolean, {
    description:
      'Whether startTraining takes it as base: a bundle of the operator, or one that a training of the tenant made.',
  })
  isTrainingBase!: boolean;

  @Field(() => ImageSize)
  image!: ImageSize;

  @Field(() => Boolean, {
    description: 'Whether it can draw on photographs, that is, whether it has an image encoder.',
  })
  drawsOnPhotographs!: boolean;

  @Field(() => License)
  license!: License;

  @Field(() => Vocabulary)
  vocabulary!: Vocabulary;

  @Field(() => ModelDefaults)
  defaults!: ModelDefaults;

  @Field(() => ModelRanges)
  ranges!: ModelRanges;

  @Field(() => Turbo, { nullable: true, description: 'Null without a student, which the sampler TURBO needs.' })
  turbo!: Turbo | null;
}
