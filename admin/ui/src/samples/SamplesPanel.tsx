/** In the settings: adds made-up people to a site that has real ones already, or says that they are there. */
import { Button, Text } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import { Refused } from '../look/Notices';
import { Panel } from '../look/Panel';
import { useMay } from '../session/useMay';
import styles from './Samples.module.css';
import { useAddSamples, useSamples } from './useSamples';

export function SamplesPanel() {
  const t = useWords('samples');
  const may = useMay();
  const { data: samples } = useSamples();
  const add = useAddSamples();
  if (!samples || !may('settings.write')) return null;
  return (
    <Panel title={t('name')} className={styles.panel}>
      <Text size="sm" c="dimmed" mb="sm">{t(samples.state === 'none' ? 'panel' : 'panel_there')}</Text>
      {samples.state === 'none' && <Button variant="default" loading={add.isPending} onClick={() => add.mutate()}>{t('add')}</Button>}
      <Refused error={add.error} mt="sm" />
    </Panel>
  );
}
