/** The way back to all that can be set. */
import { Anchor } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';

export function BackToSettings() {
  const t = useWords('settings');
  return (
    <Anchor component={Link} to="/settings" size="sm" mb={10} display="inline-flex" style={{ alignItems: 'center', gap: 5 }}>
      <IconArrowLeft size={15} aria-hidden /> {t('title')}
    </Anchor>
  );
}
