/** Which language the pages speak, and where their words come from: one catalogue an area and language, loaded when used. */
import i18next from 'i18next';
import resourcesToBackend from 'i18next-resources-to-backend';
import { initReactI18next } from 'react-i18next';
import { keep, kept } from '../app/storage';
import type { Areas } from './areas';

/** Every language the pages speak, by its own name. */
export const LANGUAGES = { en: 'English', es: 'Español', fr: 'Français', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

/** The areas that are there before the first page: the frame, the doors, and what functions outside of components say. */
const AT_START: (keyof Areas)[] = ['shell', 'look', 'session'];
const KEPT_AS = 'parley.language';
const catalogues = import.meta.glob<{ default: Record<string, string> }>('./{en,es,fr,de}/*.json');

export function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(LANGUAGES, tag);
}

/** The first wish that we speak, region left aside: "fr-CH" is French. English where there is none. */
export function chooseLanguage(wishes: readonly string[]): Language {
  return wishes.map((wish) => wish.toLowerCase().split('-')[0] ?? '').find(isLanguage) ?? 'en';
}

/** Resolves once the words of the frame are there, so that no page shows keys. */
export async function startWords(): Promise<void> {
  i18next.on('languageChanged', (language) => { document.documentElement.lang = language; });
  await loadWords(chooseLanguage([kept('browser', KEPT_AS) ?? '', ...navigator.languages]));
}

/** Loads the words of a language without asking the browser for one. */
export async function loadWords(language: Language): Promise<void> {
  await i18next
    .use(resourcesToBackend((language: string, area: string) => catalogues[`./${language}/${area}.json`]?.()))
    .use(initReactI18next)
    .init({
      lng: language,
      fallbackLng: 'en',
      ns: AT_START,
      defaultNS: 'shell',
      // React escapes what it writes.
      interpolation: { escapeValue: false },
    });
}

/** Speaks another language from now on, in this browser. */
export async function speak(language: Language): Promise<void> {
  // A browser that keeps nothing speaks it until the page is left.
  keep('browser', KEPT_AS, language);
  await i18next.changeLanguage(language);
}
