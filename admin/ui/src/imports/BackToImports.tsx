/** The way back to the list of imports. */
import { Anchor } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';

export function BackToImports() {
  const t = useWords('imports');
  return (
    <Anchor component={Link} to="/imports" size="sm" mb={10} display="inline-flex" style={{ alignItems: 'center', gap: 5 }}>
      <IconArrowLeft size={15} aria-hidden /> {t('title')}
    </Anchor>
  );
}
