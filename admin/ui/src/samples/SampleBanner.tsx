/** Above every page while made-up people are here: says so, and offers to remove them. Nothing else while there are none. */
import { Button, Progress, Text } from '@mantine/core';
import { IconMoodHappy } from '@tabler/icons-react';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { Refused } from '../look/Notices';
import { useMay } from '../session/useMay';
import styles from './Samples.module.css';
import { useAddSamples, useLoadedAgain, useRemoveSamples, useSamples, type Samples } from './useSamples';

export function SampleBanner() {
  const { data: samples } = useSamples();
  useLoadedAgain(samples);
  if (!samples || samples.state === 'none') return null;
  return <Banner samples={samples} state={samples.state} />;
}

function Banner({ samples, state }: { samples: Samples; state: Exclude<Samples['state'], 'none'> }) {
  const t = useWords('samples');
  const may = useMay();
  return (
    <section className={styles.banner} aria-label={t('name')} data-testid="sample-banner" data-state={state}>
      <IconMoodHappy size={18} stroke={1.8} className={styles.mark} aria-hidden />
      <div className={styles.said} aria-live="polite">
        <Text size="sm" fw={600}>{t(`banner_${state}`)}</Text>
        <Text size="sm" className={styles.soft}>{t(`banner_${state}_hint`)}</Text>
        <HowFar samples={samples} />
      </div>
      {may('settings.write') && state !== 'removing' && <Removal />}
      {may('settings.write') && state === 'failed' && <Again />}
    </section>
  );
}

/** How far a worker is. */
function HowFar({ samples }: { samples: Samples }) {
  const t = useWords('samples');
  if (samples.state !== 'adding' || samples.total === 0) return null;
  return <Progress mt={6} size="sm" value={(100 * samples.done) / samples.total} aria-label={t('how_far')} />;
}

function Removal() {
  const t = useWords('samples');
  const remove = useRemoveSamples();
  return (
    <ConfirmButton
      size="xs" label={t('remove')} title={t('remove_title')} confirm={t('remove_confirm')} cancel={t('cancel')}
      isBusy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} testId="remove-samples"
    >
      <Text size="sm">{t('remove_what')}</Text>
    </ConfirmButton>
  );
}

function Again() {
  const t = useWords('samples');
  const add = useAddSamples();
  return (
    <>
      <Button size="xs" variant="default" loading={add.isPending} onClick={() => add.mutate()}>{t('again')}</Button>
      <Refused error={add.error} />
    </>
  );
}
