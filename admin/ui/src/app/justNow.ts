/** Whether something happened a short while ago. Pure. */

const SHORT = 60_000; // milliseconds

/** `at` is a moment as it was kept, or nothing. */
export function wasJustNow(at: string | null, now: number): boolean {
  const moment = Number(at);
  return at !== null && Number.isFinite(moment) && moment <= now && now - moment < SHORT;
}
