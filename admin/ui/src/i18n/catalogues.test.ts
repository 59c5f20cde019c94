import { describe, expect, it } from 'vitest';
import { LANGUAGES, chooseLanguage } from './i18n';

const files = import.meta.glob<Record<string, string>>('./{en,es,fr,de}/*.json', { eager: true, import: 'default' });
const areas = [...new Set(Object.keys(files).map((path) => path.split('/')[2]!))];
/** Languages have different plural forms: French and Spanish have one for millions. */
const PLURAL = /_(zero|one|two|few|many|other)$/;

function catalogue(language: string, area: string): Record<string, string> {
  return files[`./${language}/${area}`] ?? {};
}

function keysOf(language: string, area: string): string[] {
  return [...new Set(Object.keys(catalogue(language, area)).map((key) => key.replace(PLURAL, '_n')))].sort();
}

function placeholders(words: string): string[] {
  return [...new Set(words.match(/{{\s*\w+/g) ?? [])].map((found) => found.replace(/\W/g, '')).sort();
}

describe.each(areas)('the words of %s', (area) => {
  it.each(Object.keys(LANGUAGES))('are all there in %s', (language) => {
    expect(keysOf(language, area)).toEqual(keysOf('en', area));
    expect(Object.entries(catalogue(language, area)).filter(([, words]) => !words.trim())).toEqual([]);
  });

  it.each(Object.keys(LANGUAGES))('speak of the same things in %s', (language) => {
    for (const [key, words] of Object.entries(catalogue(language, area))) {
      // A form for one may leave the number out.
      if (PLURAL.test(key) && !key.endsWith('_other')) continue;
      expect([key, placeholders(words)]).toEqual([key, placeholders(catalogue('en', area)[key] ?? '')]);
    }
  });

  it.each(Object.keys(LANGUAGES))('have every plural form of %s', (language) => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const keys = Object.keys(catalogue(language, area));
    const counted = new Set(keys.filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, '')));
    const missing = [...counted].flatMap((key) => forms.map((form) => `${key}_${form}`)).filter((key) => !keys.includes(key));
    expect(missing).toEqual([]);
  });
});

describe('the language', () => {
  it('is the first wish that we speak', () => {
    expect(chooseLanguage(['', 'it-IT', 'fr-CH', 'de'])).toBe('fr');
  });

  it('is English where we speak none of them', () => {
    expect(chooseLanguage(['', 'it', 'toString'])).toBe('en');
  });
});
