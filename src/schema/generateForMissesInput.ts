import { Field, ID, InputType, Int } from 'type-graphql';
import { StrengthInput } from './generateDefectsInput.js';
import { VariationInput } from './transplant.js';

@InputType({ description: 'A good part that a detector took for a defective one.' })
export class FalseAlarmInput {
  @Field(() => ID, { description: 'A GOOD photograph.' })
  referenceId!: string;

  @Field(() => String, { description: 'The defect that the detector reported.' })
  defectCode!: string;
}

@InputType({ description: 'What a detector got wrong. Give at least one of `missed` and `falseAlarms`.' })
export class GenerateForMissesInput {
  @Field(() => [ID], {
    nullable: true,
    description:
      "DEFECTIVE photographs whose defect the detector missed. Each gets a generation: its defect, varied, on the product's photographs " +
      'of good parts.',
  })
  missed?: string[] | null;

  @Field(() => [FalseAlarmInput], {
    nullable: true,
    description:
      "Each gets a generation: the pair's real defects on the photograph of the false alarm. An export with `normals: true` adds that " +
      'photograph as it is, so that the detector learns both.',
  })
  falseAlarms?: FalseAlarmInput[] | null;

  @Field(() => [ID], {
    nullable: true,
    description:
      "GOOD photographs that the missed defects are laid onto, in turn: each onto those of its product. Default: all of the product's.",
  })
  goodReferences?: string[] | null;

  @Field(() => Int, { nullable: true, description: 'Samples for each miss. Default: 20.' })
  count?: number | null;

  @Field(() => StrengthInput, { nullable: true })
  strength?: StrengthInput | null;

  @Field(() => VariationInput, { nullable: true })
  variation?: VariationInput | null;

  @Field(() => Int, { nullable: true, description: '0 … 2³¹ − 1. Default: random.' })
  seed?: number | null;

  @Field(() => Int, { nullable: true, description: '0 … 9. A higher priority runs first. Default: 0.' })
  priority?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Makes a retry safe: the same key with the same input always returns the same generations.',
  })
  idempotencyKey?: string | null;
}
