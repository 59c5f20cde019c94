/** The bands a score falls into: their words, marks and colours. */
import { IconFlame, IconSnowflake, IconSun, type Icon } from '@tabler/icons-react';
import type { Band } from '../api/types';
import type { Tone } from '../look/Tag';

interface BandLook {
  name: string;
  tone: Tone;
  icon: Icon;
  mark: string;
}

export const BANDS: Record<Band, BandLook> = {
  hot: { name: 'Hot', tone: 'hot', icon: IconFlame, mark: 'var(--hot-mark)' },
  warm: { name: 'Warm', tone: 'warm', icon: IconSun, mark: 'var(--warm-mark)' },
  cold: { name: 'Cold', tone: 'cold', icon: IconSnowflake, mark: 'var(--cold-mark)' },
};

export function isBand(value: string | null): value is Band {
  return value !== null && Object.hasOwn(BANDS, value);
}
