/** The way back to all that can be set. */
import { useWords } from '../i18n/useWords';
import { BackLink } from '../look/BackLink';

export function BackToSettings() {
  const t = useWords('settings');
  return <BackLink to="/settings">{t('title')}</BackLink>;
}
