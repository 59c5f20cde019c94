/** What stands above each page of people and power: the way back to the settings, and the heading. */
import type { ReactNode } from 'react';
import { useWords } from '../i18n/useWords';
import { PageHeading } from '../look/PageHeading';
import { BackToSettings } from '../settings/BackToSettings';

interface Props {
  page: 'account' | 'team' | 'roles' | 'tokens' | 'audit';
  children: ReactNode;
}

export function Frame({ page, children }: Props) {
  const t = useWords('settings');
  return (
    <>
      <BackToSettings />
      <PageHeading title={t(`place_${page}`)}>{t(`about_${page}`)}</PageHeading>
      {children}
    </>
  );
}
