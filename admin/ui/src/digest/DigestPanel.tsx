/** Whether the week in numbers comes by mail, in which language and by which clocks; and one to look at. */
import { Button, Switch } from '@mantine/core';
import { useId } from 'react';
import { LANGUAGES } from '../i18n/i18n';
import { useLanguage } from '../i18n/useLanguage';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ListLoading } from '../look/Loading';
import { Failure, Refused } from '../look/Notices';
import { Panel } from '../look/Panel';
import { useMay } from '../session/useMay';
import styles from './Digest.module.css';
import { useDigest, useSendDigest, useSetDigest, type DigestSettings, type DigestWish } from './useDigest';
import { listZones, ownZone } from './zones';

export function DigestPanel() {
  const t = useWords('digest');
  const may = useMay();
  const digest = useDigest();
  if (!may('numbers.read')) return null;
  return (
    <Panel title={t('title')}>
      {digest.isPending && <ListLoading what={t('title')} />}
      {digest.error && !digest.data && <Failure error={digest.error} onRetry={() => void digest.refetch()} isRetrying={digest.isFetching} />}
      {digest.data && <Wishes settings={digest.data} />}
    </Panel>
  );
}

function Wishes({ settings }: { settings: DigestSettings }) {
  const t = useWords('digest');
  const shown = useLanguage();
  const set = useSetDigest();
  const { wanted, language, time_zone, company_time_zone: company, email } = settings;
  const change = (changed: Partial<DigestWish>) => set.mutate({ wanted, language, time_zone, ...changed });
  // Whoever turns it on gets it as they see these pages, until they choose otherwise.
  const turn = (on: boolean) => change(on ? { wanted: on, language: shown, time_zone: ownZone() } : { wanted: on });
  return (
    <div className={styles.form}>
      <p className={styles.soft}>{t('lead', { email })}</p>
      <Switch
        label={t('wanted')} checked={wanted} disabled={set.isPending} data-testid="digest-wanted"
        onChange={(event) => turn(event.currentTarget.checked)}
      />
      {wanted && (
        <div className={styles.choices}>
          <Choose
            label={t('language')} value={language} choices={Object.entries(LANGUAGES).map(([value, label]) => ({ value: value as DigestWish['language'], label }))}
            onChange={(chosen) => change({ language: chosen })} data-testid="digest-language"
          />
          <Choose
            label={t('time_zone')} value={time_zone ?? ''} choices={[{ value: '', label: t('company_zone', { zone: company }) }, ...listZones(time_zone)]}
            onChange={(chosen) => change({ time_zone: chosen || null })} data-testid="digest-zone"
          />
        </div>
      )}
      <Refused error={set.error} />
      <SendNow settings={settings} />
    </div>
  );
}

function SendNow({ settings: { can_send: canSend } }: { settings: DigestSettings }) {
  const t = useWords('digest');
  const send = useSendDigest();
  const hint = useId();
  return (
    <>
      <div>
        <Button variant="default" loading={send.isPending} disabled={!canSend} onClick={() => send.mutate()} aria-describedby={hint} data-testid="digest-send">
          {t('send_now')}
        </Button>
      </div>
      <p id={hint} className={styles.soft}>{canSend ? t('send_hint') : t('no_mail_server')}</p>
      <Refused error={send.error} />
      <div role="status" data-testid="digest-sent">{send.data && <span className={styles.soft}>{t('sent', { email: send.data.email })}</span>}</div>
    </>
  );
}
