/** The language the pages speak now, for what the server says in words. */
import { useTranslation } from 'react-i18next';
import { isLanguage, type Language } from './i18n';

export function useLanguage(): Language {
  const { language } = useTranslation().i18n;
  return isLanguage(language) ? language : 'en';
}
