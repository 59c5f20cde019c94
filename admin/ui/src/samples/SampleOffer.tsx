/** Below what an empty list says: one click fills the site with made-up people. Only where nobody is there yet. */
import { Button, Text } from '@mantine/core';
import { IconMoodHappy } from '@tabler/icons-react';
import { useWords } from '../i18n/useWords';
import { Refused } from '../look/Notices';
import { useMay } from '../session/useMay';
import styles from './Samples.module.css';
import { useAddSamples, useSamples } from './useSamples';

export function SampleOffer() {
  const t = useWords('samples');
  const may = useMay();
  const { data: samples } = useSamples();
  const add = useAddSamples();
  if (samples?.state !== 'none' || !samples.site_is_empty || !may('settings.write')) return null;
  return (
    <div className={styles.offer} data-testid="sample-offer">
      <Button variant="light" leftSection={<IconMoodHappy size={18} stroke={1.8} aria-hidden />} loading={add.isPending} onClick={() => add.mutate()} data-testid="add-samples">
        {t('add')}
      </Button>
      <Text size="xs" c="dimmed" maw={380}>{t('add_hint')}</Text>
      <Refused error={add.error} mt="sm" />
    </div>
  );
}
