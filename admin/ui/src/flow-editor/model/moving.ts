/** Where the arrow keys lead on the canvas. Pure. */
import type { Place } from './document';
import { waysInto, type Way } from './ways';

export type Arrow = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';

const STEP_AWAY: Record<Arrow, readonly [number, number]> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
/** How much a step beside the line counts as farther away than one on it. */
const ASIDE = 2.5;

/** Down goes along the first way on, up back along the first way in; else, and to the sides, to the nearest step there. */
export function stepTowards(
  from: string, arrow: Arrow, places: Readonly<Record<string, Place>>, ways: ReadonlyMap<string, readonly Way[]>,
): string | null {
  if (arrow === 'ArrowDown') {
    const on = ways.get(from)?.find((way) => way.to in places && way.to !== from);
    if (on) return on.to;
  }
  if (arrow === 'ArrowUp') {
    const back = waysInto(ways).get(from)?.find((way) => way.from in places && way.from !== from);
    if (back) return back.from;
  }
  return nearest(from, arrow, places);
}

function nearest(from: string, arrow: Arrow, places: Readonly<Record<string, Place>>): string | null {
  const start = places[from];
  if (!start) return null;
  const [right, down] = STEP_AWAY[arrow];
  let best: { id: string; distance: number } | null = null;
  for (const [id, place] of Object.entries(places)) {
    if (id === from) continue;
    const ahead = (place.x - start.x) * right + (place.y - start.y) * down;
    const aside = Math.abs((place.x - start.x) * down + (place.y - start.y) * right);
    const distance = ahead + aside * ASIDE;
    if (ahead > 1 && (best === null || distance < best.distance)) best = { id, distance };
  }
  return best?.id ?? null;
}
