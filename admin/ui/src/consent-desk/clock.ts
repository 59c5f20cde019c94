/** How pressing a request is. Pure. */
import type { Tone } from '../look/Tag';

const SOON = 7; // days

/** The tone of the clock: late and nearly late stand out, what is closed does not. */
export function pressing(daysLeft: number | null): Tone {
  if (daysLeft === null) return 'plain';
  if (daysLeft < 0) return 'bad';
  return daysLeft <= SOON ? 'warm' : 'cold';
}
