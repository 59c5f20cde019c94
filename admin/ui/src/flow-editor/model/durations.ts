/** Durations as the flow language writes them: "20 minutes". Pure. */

export const UNITS = ['second', 'minute', 'hour', 'day', 'week'] as const;
export type Unit = (typeof UNITS)[number];

export interface Duration {
  readonly count: number;
  readonly unit: Unit;
}

export function readDuration(written: unknown): Duration | null {
  const found = typeof written === 'string' ? /^([1-9]\d{0,3}) (second|minute|hour|day|week)s?$/.exec(written) : null;
  return found ? { count: Number(found[1]), unit: found[2] as Unit } : null;
}

export function writeDuration({ count, unit }: Duration): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** Seconds in the largest unit that says them shortly: "14 s", "3 min", "2 h", "4 d". */
export function shortSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
