/** Figures in words: shares, amounts, and the names they are told by. A share of nothing is a dash, not nought. */
import { figure, shownLanguage } from '../i18n/said';
import { channelName, plainWords } from '../look/words';
import type { By } from './types';

export const NOTHING = '–';

export function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

export function percent(value: number | null): string {
  if (value === null) return NOTHING;
  // Few people in a hundred are told with a decimal: between 0.4 % and 1.4 % lies all the difference.
  const decimals = value > 0 && value < 0.1 ? 1 : 0;
  return value.toLocaleString(shownLanguage(), { style: 'percent', minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** Amounts below one are prices of a message or two: their cents would be nought. */
export function money(amount: number | null, currency: string): string {
  if (amount === null) return NOTHING;
  const most = amount !== 0 && Math.abs(amount) < 1 ? 4 : 2;
  return amount.toLocaleString(shownLanguage(), { style: 'currency', currency, maximumFractionDigits: most });
}

export function nameOf(by: By, name: string | null, none: string): string {
  if (name === null) return none;
  return by === 'channel' ? channelName(name) : plainWords(name);
}

/** From where to where a bar of scores goes: "under 0", "20–29", "100 and more". */
export function range(least: number | null, below: number | null, words: { under: (score: string) => string; from: (score: string) => string }): string {
  if (least === null) return words.under(figure(below ?? 0));
  if (below === null) return words.from(figure(least));
  return `${figure(least)}–${figure(below - 1)}`;
}
