import { draw } from './draw.ts';
import { region } from './region.ts';
import { shell } from './shell.ts';

export const en = { ...shell, ...draw, region } as const;
