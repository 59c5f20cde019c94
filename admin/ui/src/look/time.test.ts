/** Moments in words, seen from a fixed present. */
import { describe, expect, test } from 'vitest';
import { day, inWords, isNear } from './time';

const now = new Date(2026, 10, 23, 12, 0, 0);
const at = (offset: number) => new Date(now.getTime() + offset * 1000);

describe('a moment in words', () => {
  test.each([
    [0, 'just now'],
    [-44, 'just now'],
    [30, 'in a moment'],
    [-60, '1 minute ago'],
    [-59 * 60 - 59, '59 minutes ago'],
    [-3600, '1 hour ago'],
    [2 * 3600 + 1800, 'in 2 hours'],
    [-26 * 3600, 'yesterday'],
    [26 * 3600, 'tomorrow'],
    [-3 * 86400, '3 days ago'],
  ])('%i seconds away is “%s”', (offset, words) => {
    expect(inWords(at(offset), now)).toBe(words);
  });

  test('beyond a week it is the date, with the year only when it is another one', () => {
    expect(inWords(new Date(2026, 9, 3), now)).toBe('3 Oct');
    expect(inWords(new Date(2024, 9, 3), now)).toBe('3 Oct 2024');
  });
});

test('the day before is yesterday even when fewer than 24 hours have passed', () => {
  expect(day(new Date(2026, 10, 22, 23, 59), now)).toBe('Yesterday');
  expect(day(new Date(2026, 10, 23, 0, 0), now)).toBe('Today');
  expect(day(new Date(2026, 10, 24, 0, 0), now)).toBe('Tomorrow');
});

test('days are counted by the calendar across a change of the clocks', () => {
  // Wherever the clocks change, they do so within these days.
  for (const month of [2, 3, 9, 10]) {
    for (let date = 1; date <= 28; date += 1) {
      expect(day(new Date(2026, month, date, 23), new Date(2026, month, date + 1, 1))).toBe('Yesterday');
    }
  }
});

test('near is less than a day away in either direction', () => {
  expect(isNear(at(-86399), now)).toBe(true);
  expect(isNear(at(86400), now)).toBe(false);
});
