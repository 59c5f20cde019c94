/** Hours as they are typed, "09:00-12:00, 13:00-17:00", and as the API has them. Pure: the server says what is wrong. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];
export type Hours = Partial<Record<Weekday, string[]>>;

/** The spans of a day; dashes of any kind and missing zeros are what people type. */
export function readSpans(typed: string): string[] {
  return typed
    .split(/[,;]/)
    .map((span) => span.replace(/\s+/g, '').replace(/[–—]/g, '-').replace(/(^|-)(\d):/g, '$10$2:'))
    .filter(Boolean);
}

export function writeSpans(spans: readonly string[] | undefined): string {
  return (spans ?? []).join(', ');
}

/** All days that have hours. */
export function hoursOf(typed: Record<Weekday, string>): Hours {
  const days = WEEKDAYS.map((day) => [day, readSpans(typed[day])] as const).filter(([, spans]) => spans.length > 0);
  return Object.fromEntries(days);
}
