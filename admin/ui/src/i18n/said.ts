/** Words for functions that are no components, in the language shown. The area must be loaded by then: `look` always is. */
import i18next from 'i18next';
import type { Areas } from './areas';
import { isLanguage, type Language } from './i18n';

/** The words of `look`. */
export const lookWords = i18next.getFixedT(null, 'look');

/** The words for an identifier of the API; null for one that is newer than these pages. */
export function findWords(area: keyof Areas, key: string): string | null {
  return i18next.exists(key, { ns: area }) ? String(i18next.t(key as never, { ns: area })) : null;
}

/** The language that dates, spans, names and numbers are formatted in. */
export function shownLanguage(): Language {
  return isLanguage(i18next.language) ? i18next.language : 'en';
}

/** A number as the language shown writes it, with so many decimals: 1,234 in English, 1.234 in German. */
export function figure(amount: number, decimals = 0): string {
  return amount.toLocaleString(shownLanguage(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
