/** In place of the leads when there are none: how to get the first, or how to widen the search. */
import { Button, List, Text } from '@mantine/core';
import { IconMessage, IconSearchOff, IconSeedling } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Nothing } from '../look/Notices';
import { SampleOffer } from '../samples/SampleOffer';

export function NoLeads({ isFiltered }: { isFiltered: boolean }) {
  const t = useWords('leads');
  if (isFiltered) {
    return (
      <Nothing icon={IconSearchOff} title={t('no_match')}>
        <Text c="dimmed" size="sm" maw={400}>{t('no_match_hint')}</Text>
        <Button component={Link} to="/leads" variant="default" mt="sm">{t('show_all_leads')}</Button>
      </Nothing>
    );
  }
  return (
    <Nothing icon={IconSeedling} title={t('none')}>
      <List type="ordered" size="sm" c="dimmed" spacing={6} mt="xs" ta="left" data-testid="no-leads">
        <List.Item>{t('none_1')}</List.Item>
        <List.Item>{t('none_2')}</List.Item>
        <List.Item>{t('none_3')}</List.Item>
      </List>
      <Button component="a" href="/" target="_blank" rel="noreferrer" mt="md" leftSection={<IconMessage size={16} aria-hidden />}>{t('open_chat')}</Button>
      <SampleOffer />
    </Nothing>
  );
}
