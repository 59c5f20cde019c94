/** Moments in words, seen from a fixed present. */
import i18next from 'i18next';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadWords } from '../i18n/i18n';
import { day, inFull, inWords, isNear, span, timeOfDay } from './time';

beforeAll(() => loadWords('en'));
afterEach(async () => { await i18next.changeLanguage('en'); });

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

test('a span is in seconds up to a minute and a half, then in whole minutes that are surely enough', () => {
  expect([span(1), span(89), span(90), span(121)]).toEqual(['1 second', '89 seconds', '2 minutes', '3 minutes']);
});

test.each([
  ['es', 'ahora mismo', 'hace 3 horas', 'Ayer', '3 oct', '30 segundos'],
  ['fr', 'à l’instant', 'il y a 3 heures', 'Hier', '3 oct.', '30\u00a0secondes'],
  ['de', 'gerade eben', 'vor 3 Stunden', 'Gestern', '3. Okt.', '30 Sekunden'],
])('a moment is said in %s too', async (language, now_, hours, yesterday, date, seconds) => {
  await i18next.changeLanguage(language);
  expect([inWords(now, now), inWords(at(-3 * 3600), now), day(at(-86400), now), day(new Date(2026, 9, 3), now), span(30)])
    .toEqual([now_, hours, yesterday, date, seconds]);
  expect(timeOfDay(new Date(2026, 10, 23, 15, 5))).toBe('15:05');
  expect(inFull(now)).toContain('2026');
});
