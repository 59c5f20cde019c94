/** How long to wait before trying again. Pure: randomness is handed in. */

const FIRST = 500; // milliseconds
const LONGEST = 30_000; // milliseconds

/** Doubles per attempt; half of it is chance, so that a thousand widgets do not return in the same instant. */
export function decideDelay(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST, FIRST * 2 ** Math.max(0, attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random;
}
