/** Tells the server in which language mails are written to whoever is logged in: the one the pages speak to them. */
import { useEffect } from 'react';
import { answerOf, client } from '../api/client';
import { keep, kept } from '../app/storage';
import { useLanguage } from '../i18n/useLanguage';
import { useSession } from './useSession';

const TOLD_AS = 'parley.language_told';

export function useToldLanguage(): void {
  const { data: user } = useSession();
  const language = useLanguage();
  const id = user?.id;
  useEffect(() => {
    const told = `${id} ${language}`;
    if (id === undefined || kept('browser', TOLD_AS) === told) return;
    answerOf(client.PUT('/api/v1/account/language', { body: { language } })).then(
      () => keep('browser', TOLD_AS, told),
      // It is told again when the pages are next opened.
      () => undefined,
    );
  }, [id, language]);
}
