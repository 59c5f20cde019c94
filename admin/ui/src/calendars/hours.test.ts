import { describe, expect, it } from 'vitest';
import { WEEKDAYS, hoursOf, readSpans, writeSpans, type Weekday } from './hours';

describe('hours', () => {
  it('are read as people type them', () => {
    expect(readSpans('9:00 – 12:30, 13:00-17:00;')).toEqual(['09:00-12:30', '13:00-17:00']);
    expect(readSpans(' , ')).toEqual([]);
  });

  it('are written as they are read', () => {
    const spans = ['09:00-12:30', '13:00-24:00'];
    expect(readSpans(writeSpans(spans))).toEqual(spans);
    expect(writeSpans(undefined)).toBe('');
  });

  it('leave out days without any', () => {
    const typed = Object.fromEntries(WEEKDAYS.map((day) => [day, day === 'tue' ? '9:00-10:00' : ' '])) as Record<Weekday, string>;
    expect(hoursOf(typed)).toEqual({ tue: ['09:00-10:00'] });
  });

  it('keep what cannot be read, for the server to say so', () => {
    expect(readSpans('nine')).toEqual(['nine']);
  });
});
