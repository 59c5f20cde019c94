/** Moments in words. Pure: the present is always passed in. */

const MINUTE = 60; // seconds
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const whole = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short',
});

/** "just now", "4 minutes ago", "in 2 hours", "yesterday"; beyond a week the date. */
export function inWords(at: Date, now: Date): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 45) return seconds > 5 ? 'in a moment' : 'just now';
  if (distance < HOUR) return relative.format(away(seconds, MINUTE), 'minute');
  if (distance < DAY) return relative.format(away(seconds, HOUR), 'hour');
  if (distance < WEEK) return relative.format(calendarDays(at, now), 'day');
  return date(at, now);
}

/** Whether "in 2 hours" says more than the day would. */
export function isNear(at: Date, now: Date): boolean {
  return Math.abs(at.getTime() - now.getTime()) < DAY * 1000;
}

/** The day alone, with the year only when it is another one: "23 Nov", "23 Nov 2024". */
export function date(at: Date, now: Date): string {
  return (at.getFullYear() === now.getFullYear() ? dayAndMonth : dayMonthYear).format(at);
}

/** "Today", "Yesterday", "Tomorrow" or the date. */
export function day(at: Date, now: Date): string {
  const names: Record<number, string> = { [-1]: 'Yesterday', 0: 'Today', 1: 'Tomorrow' };
  return names[calendarDays(at, now)] ?? date(at, now);
}

export function timeOfDay(at: Date): string {
  return clock.format(at);
}

/** Everything, with the time zone: for tooltips and proofs. */
export function inFull(at: Date): string {
  return whole.format(at);
}

function away(seconds: number, unit: number): number {
  const amount = Math.max(1, Math.floor(Math.abs(seconds) / unit));
  return seconds < 0 ? -amount : amount;
}

/** Days between the two calendar dates, not 24-hour spans: 23:00 yesterday is yesterday. */
function calendarDays(at: Date, now: Date): number {
  const midnight = (moment: Date) => Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate());
  return Math.round((midnight(at) - midnight(now)) / (DAY * 1000));
}
