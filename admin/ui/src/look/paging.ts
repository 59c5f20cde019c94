/** What every list read by cursor shares. Pure. */

/** How often a list or page is renewed while it is visible, in milliseconds. */
export const FRESH_PERIOD = 5_000;

/** Rows move between pages while they are read; each is shown once, where it came first. */
export function withoutRepeats<T extends { id: string }>(rows: readonly T[]): T[] {
  const seen = new Set<string>();
  return rows.filter(({ id }) => !seen.has(id) && seen.add(id));
}
