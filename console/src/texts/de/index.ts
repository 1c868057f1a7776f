import type { Texts } from '../texts.ts';
import { draw } from './draw.ts';
import { region } from './region.ts';
import { shell } from './shell.ts';

export const de: Texts = { ...shell, ...draw, region };
