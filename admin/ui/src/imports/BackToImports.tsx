/** The way back to the list of imports. */
import { useWords } from '../i18n/useWords';
import { BackLink } from '../look/BackLink';

export function BackToImports() {
  const t = useWords('imports');
  return <BackLink to="/imports">{t('title')}</BackLink>;
}
