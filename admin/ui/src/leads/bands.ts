/** The bands a score falls into: their marks and colours. Their names are keys of the catalogue `leads`. */
import { IconFlame, IconSnowflake, IconSun, type Icon } from '@tabler/icons-react';
import type { Band } from '../api/types';
import type { Tone } from '../look/Tag';

interface BandLook {
  name: `band_${Band}`;
  tone: Tone;
  icon: Icon;
  mark: string;
}

export const BANDS: Record<Band, BandLook> = {
  hot: { name: 'band_hot', tone: 'hot', icon: IconFlame, mark: 'var(--hot-mark)' },
  warm: { name: 'band_warm', tone: 'warm', icon: IconSun, mark: 'var(--warm-mark)' },
  cold: { name: 'band_cold', tone: 'cold', icon: IconSnowflake, mark: 'var(--cold-mark)' },
};

export function isBand(value: string | null): value is Band {
  return value !== null && Object.hasOwn(BANDS, value);
}
