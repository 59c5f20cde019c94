/** Tells the server in which language mails are written to whoever is logged in: the one the pages speak to them. */
import { useEffect } from 'react';
import { answerOf, client } from '../api/client';
import { useLanguage } from '../i18n/useLanguage';
import { useSession } from './useSession';

const TOLD_AS = 'parley.language_told';

export function useToldLanguage(): void {
  const { data: user } = useSession();
  const language = useLanguage();
  const id = user?.id;
  useEffect(() => {
    const told = `${id} ${language}`;
    if (id === undefined || lastTold() === told) return;
    answerOf(client.PUT('/api/v1/account/language', { body: { language } })).then(
      () => localStorage.setItem(TOLD_AS, told),
      // It is told again when the pages are next opened.
      () => undefined,
    );
  }, [id, language]);
}

function lastTold(): string | null {
  try {
    return localStorage.getItem(TOLD_AS);
  } catch {
    return null;
  }
}
