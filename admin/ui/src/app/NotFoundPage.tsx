/** For an address that is none of ours. */
import { Anchor, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { PageHeading } from '../look/PageHeading';

export function NotFoundPage() {
  const { t } = useTranslation('shell');
  return (
    <>
      <PageHeading title={t('not_found')} />
      <Text>
        {t('not_found_why')} <Anchor component={Link} to="/leads" underline="always">{t('to_leads')}</Anchor>
      </Text>
    </>
  );
}
