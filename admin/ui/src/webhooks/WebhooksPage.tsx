/** The systems that are sent events: each with how it does, and a way to try it. */
import { Button, Text } from '@mantine/core';
import { IconPlus, IconWebhook } from '@tabler/icons-react';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { useMay } from '../session/useMay';
import { BackToSettings } from '../settings/BackToSettings';
import { Made } from './Made';
import { useMakeWebhook, useWebhooks } from './useWebhooks';
import { WebhookForm } from './WebhookForm';
import { WebhookItem } from './WebhookItem';
import styles from './Webhooks.module.css';

export function WebhooksPage() {
  const t = useWords('webhooks');
  const may = useMay()('settings.write');
  const [isMaking, setMaking] = useState(false);
  const make = useMakeWebhook();
  const begin = () => {
    make.reset();
    setMaking(true);
  };
  const end = () => {
    setMaking(false);
    make.reset();
  };
  return (
    <>
      <BackToSettings />
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <div className={styles.panels}>
        {may && !isMaking && <div><Button leftSection={<IconPlus size={16} aria-hidden />} onClick={begin} data-testid="new-webhook">{t('new')}</Button></div>}
        {isMaking && make.data && <Made title={t('made')} secret={make.data.secret} onDone={end}>{t('made_lead')}</Made>}
        {isMaking && !make.data && (
          <Panel title={t('new')}>
            <WebhookForm webhook={null} isBusy={make.isPending} error={make.error} onCancel={end} onSave={(wish) => make.mutate(wish)} />
          </Panel>
        )}
        <List />
      </div>
    </>
  );
}

function List() {
  const t = useWords('webhooks');
  const list = useWebhooks();
  if (list.isPending) return <Sheet><ListLoading what={t('title')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return <Sheet><Nothing icon={IconWebhook} title={t('none')}><Text c="dimmed" size="sm" maw={460}>{t('none_hint')}</Text></Nothing></Sheet>;
  }
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      <ul className={styles.cards} aria-label={t('title')}>{list.data.map((webhook) => <WebhookItem key={webhook.id} webhook={webhook} />)}</ul>
    </>
  );
}
