/** What was and is to be sent to one webhook: each with its message, its answer and when it is tried next; sent again. */
import { Button, Text, TextInput } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useParams, useSearchParams } from 'react-router';
import { useWords } from '../i18n/useWords';
import { BackLink } from '../look/BackLink';
import { Choose } from '../look/Choose';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Failure, Nothing, Refused, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { useMay } from '../session/useMay';
import { DeliveryItem } from './DeliveryItem';
import { STATES, type State, type Webhook } from './types';
import { useDeliveries, useReplayPeriod, useWebhook } from './useWebhooks';
import styles from './Webhooks.module.css';

export function WebhookPage() {
  const t = useWords('webhooks');
  const { webhookId = '' } = useParams();
  const webhook = useWebhook(webhookId);
  return (
    <>
      <BackLink to="/settings/webhooks">{t('title')}</BackLink>
      <PageHeading title={webhook.data?.name ?? t('one')}>{webhook.data?.url}</PageHeading>
      {webhook.isPending && <Sheet><ListLoading what={t('one')} /></Sheet>}
      {webhook.isError && !webhook.data && <Sheet><Failure error={webhook.error} onRetry={() => void webhook.refetch()} isRetrying={webhook.isFetching} /></Sheet>}
      {webhook.data && <Deliveries webhook={webhook.data} />}
    </>
  );
}

function Deliveries({ webhook }: { webhook: Webhook }) {
  const t = useWords('webhooks');
  const may = useMay()('settings.write');
  const [search, setSearch] = useSearchParams();
  const state = STATES.find((one) => one === search.get('state')) ?? null;
  const choose = (said: State | 'all') => setSearch(said === 'all' ? {} : { state: said }, { replace: true });
  return (
    <div className={styles.panels}>
      {may && <Again webhook={webhook} />}
      <div className={styles.filter}>
        <Choose
          aria-label={t('which')} value={state ?? 'all'} onChange={choose} data-testid="delivery-state"
          choices={[{ value: 'all', label: t('state_all') }, ...STATES.map((one) => ({ value: one, label: t(`state_${one}`) }))]}
        />
      </div>
      <List webhook={webhook} state={state} mayReplay={may && webhook.enabled} />
    </div>
  );
}

function List({ webhook, state, mayReplay }: { webhook: Webhook; state: State | null; mayReplay: boolean }) {
  const t = useWords('webhooks');
  const list = useDeliveries(webhook.id, state);
  if (list.isPending) return <Sheet><ListLoading what={t('deliveries')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return <Sheet><Nothing icon={IconSend} title={t(state ? 'no_such_delivery' : 'no_delivery')}><Text c="dimmed" size="sm" maw={460}>{t('no_delivery_hint')}</Text></Nothing></Sheet>;
  }
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      <Sheet>
        <ul className={styles.list} aria-label={t('deliveries')}>
          {list.data.map((one) => <DeliveryItem key={one.event_id} webhookId={webhook.id} delivery={one} mayReplay={mayReplay} />)}
        </ul>
      </Sheet>
      <LoadMore list={list} />
    </>
  );
}

/** All that happened since a moment is sent again: for a receiver that lost what it had, or was off. */
function Again({ webhook }: { webhook: Webhook }) {
  const t = useWords('webhooks');
  const [since, setSince] = useState('');
  const replay = useReplayPeriod(webhook.id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replay.mutate({ since: new Date(since).toISOString(), until: new Date().toISOString() });
  };
  return (
    <Panel title={t('again')}>
      <p className={styles.lead}>{t(webhook.enabled ? 'again_hint' : 'again_off')}</p>
      <form onSubmit={submit} className={styles.line}>
        <TextInput type="datetime-local" label={t('since')} value={since} disabled={!webhook.enabled} onChange={(event) => { setSince(event.currentTarget.value); replay.reset(); }} data-testid="replay-since" />
        <Button type="submit" variant="default" disabled={!webhook.enabled || Number.isNaN(Date.parse(since))} loading={replay.isPending} data-testid="replay-period">{t('send_again')}</Button>
      </form>
      {replay.data && <p className={styles.soft} role="status" data-testid="replayed">{t('replayed', { count: replay.data.events, number: replay.data.events })}</p>}
      <Refused error={replay.error} mt="sm" />
    </Panel>
  );
}
