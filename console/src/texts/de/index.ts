import type { Texts } from '../translated.ts';
import { draw } from './draw.ts';
import { region } from './region.ts';
import { review } from './review.ts';
import { samples } from './samples.ts';
import { shell } from './shell.ts';
import { trainings } from './trainings.ts';
import { work } from './work.ts';

export const de: Texts = { ...shell, ...draw, ...samples, ...work, region, review, trainings };
