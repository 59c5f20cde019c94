/** The period that figures are of, as it stands in the address: the last days up to now, or days of one's choice. */

export const LENGTHS = [7, 30, 90, 365] as const; // days
const USUAL = 30;
const DAY = 86_400_000; // milliseconds
const WRITTEN = /^\d{4}-\d\d-\d\d$/;

/** Up to now, or from a day to another, both counted in, by the clocks of whoever looks. */
export type Period = { days: number } | { from: string; to: string };

export interface Within {
  since: string;
  until?: string;
}

/** As the address, or a form, has it; the usual one where it is none. */
export function readPeriod({ days, from, to }: { days?: string | null; from?: string | null; to?: string | null }): Period {
  if (from && to && isDay(from) && isDay(to) && from <= to) return { from, to };
  return { days: LENGTHS.find((one) => String(one) === days) ?? USUAL };
}

export function writePeriod(period: Period): Record<string, string> {
  return 'days' in period ? { days: String(period.days) } : { ...period };
}

/** The last day's end is the beginning of the next: a day is not always 24 hours long. */
export function momentsOf(period: Period, now: Date): Within {
  if ('days' in period) return { since: new Date(now.getTime() - period.days * DAY).toISOString() };
  const until = midnight(period.to);
  until.setDate(until.getDate() + 1);
  return { since: midnight(period.from).toISOString(), until: until.toISOString() };
}

/** The days of a period, to begin a choice of one's own with. */
export function daysOf(period: Period, now: Date): { from: string; to: string } {
  if (!('days' in period)) return period;
  return { from: written(new Date(now.getTime() - period.days * DAY)), to: written(now) };
}

function midnight(day: string): Date {
  return new Date(`${day}T00:00:00`);
}

/** Whether it names a day that there is: some browsers read 31 February as a day in March. */
function isDay(day: string): boolean {
  return WRITTEN.test(day) && !Number.isNaN(midnight(day).getTime()) && written(midnight(day)) === day;
}

function written(day: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `${String(day.getFullYear()).padStart(4, '0')}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
