/** Moments and spans in words, in the language shown. The present is always passed in. */
import { lookWords, shownLanguage } from '../i18n/said';

const MINUTE = 60; // seconds
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** English as most of its readers write a date: the day before the month, and 24 hours. */
const LOCALES = { en: 'en-GB', es: 'es', fr: 'fr', de: 'de' } as const;

const built = new Map<string, ReturnType<typeof formatsOf>>();

/** The formatters of the language shown. They take long to build, so each language's are built once. */
function formats() {
  const locale = LOCALES[shownLanguage()];
  const known = built.get(locale) ?? formatsOf(locale);
  built.set(locale, known);
  return known;
}

function formatsOf(locale: string) {
  return {
    relative: new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
    dayAndMonth: new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }),
    dayMonthYear: new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' }),
    clock: new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }),
    whole: new Intl.DateTimeFormat(locale, {
      weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short',
    }),
  };
}

/** "just now", "4 minutes ago", "in 2 hours", "yesterday"; beyond a week the date. */
export function inWords(at: Date, now: Date): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 45) return lookWords(seconds > 5 ? 'in_a_moment' : 'just_now');
  if (distance < HOUR) return formats().relative.format(away(seconds, MINUTE), 'minute');
  if (distance < DAY) return formats().relative.format(away(seconds, HOUR), 'hour');
  if (distance < WEEK) return formats().relative.format(calendarDays(at, now), 'day');
  return date(at, now);
}

/** Whether "in 2 hours" says more than the day would. */
export function isNear(at: Date, now: Date): boolean {
  return Math.abs(at.getTime() - now.getTime()) < DAY * 1000;
}

/** The day alone, with the year only when it is another one: "23 Nov", "23 Nov 2024". */
export function date(at: Date, now: Date): string {
  const { dayAndMonth, dayMonthYear } = formats();
  return (at.getFullYear() === now.getFullYear() ? dayAndMonth : dayMonthYear).format(at);
}

/** "Today", "Yesterday", "Tomorrow" or the date. */
export function day(at: Date, now: Date): string {
  const days = calendarDays(at, now);
  if (Math.abs(days) > 1) return date(at, now);
  return formats().relative.format(days, 'day').replace(/^\p{L}/u, (letter) => letter.toUpperCase());
}

export function timeOfDay(at: Date): string {
  return formats().clock.format(at);
}

/** "30 seconds", or from a minute and a half on "2 minutes". */
export function span(seconds: number): string {
  const [amount, unit] = seconds < 90 ? [seconds, 'second'] : [Math.ceil(seconds / MINUTE), 'minute'];
  return new Intl.NumberFormat(LOCALES[shownLanguage()], { style: 'unit', unit, unitDisplay: 'long' }).format(amount);
}

/** Everything, with the time zone: for tooltips and proofs. */
export function inFull(at: Date): string {
  return formats().whole.format(at);
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
