/** Times and days as the visitor's browser writes them. Pure but for the browser's own language and zone. */

import { WORDS } from "./words";

export function formatTime(at: string): string {
  const date = new Date(at);
  return isNaN(date.getTime()) ? "" : date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

/** The heading of the day `at` falls on, as seen at `now`. */
export function formatDay(at: string, now: Date): string {
  const date = new Date(at);
  if (isNaN(date.getTime())) return "";
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (date.toDateString() === now.toDateString()) return WORDS.today;
  if (date.toDateString() === yesterday.toDateString()) return WORDS.yesterday;
  return date.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short", year: "numeric" });
}

/** Whether two messages of a day are so close that one heading serves both. */
export function isSameMoment(one: string, other: string): boolean {
  return Math.abs(new Date(one).getTime() - new Date(other).getTime()) < 5 * 60_000;
}
