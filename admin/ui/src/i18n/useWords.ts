/** The words of one area in the language shown. The page waits (Suspense) until they are there. */
import type { TFunction } from 'i18next';
import { useTranslation, type FallbackNs } from 'react-i18next';
import type { Areas } from './areas';

export function useWords<Area extends keyof Areas>(area: Area): TFunction<FallbackNs<Area>> {
  return useTranslation<Area>(area).t;
}
