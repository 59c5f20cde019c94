/** For an address that is none of ours. */
import { Anchor, Text } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import { Link } from 'react-router';
import { PageHeading } from '../look/PageHeading';

export function NotFoundPage() {
  const t = useWords('shell');
  return (
    <>
      <PageHeading title={t('not_found')} />
      <Text>
        {t('not_found_why')} <Anchor component={Link} to="/leads" underline="always">{t('to_leads')}</Anchor>
      </Text>
    </>
  );
}
