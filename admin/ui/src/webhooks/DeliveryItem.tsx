/** One event for one webhook: what is sent, what was answered, and when it is tried next. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { Tag } from '../look/Tag';
import { useMay } from '../session/useMay';
import { STATE_LOOKS } from './health';
import { kindName } from './kinds';
import { Outcome } from './Outcome';
import type { Delivery } from './types';
import { useEventKinds, useMessage, useReplayOne } from './useWebhooks';
import styles from './Webhooks.module.css';

interface Props {
  webhookId: string;
  delivery: Delivery;
  mayReplay: boolean;
}

export function DeliveryItem({ webhookId, delivery, mayReplay }: Props) {
  const t = useWords('webhooks');
  useWords('event_kinds'); // their names are shown
  const may = useMay();
  const kinds = useEventKinds();
  const replay = useReplayOne(webhookId, delivery.event_id);
  const cannotGo = delivery.state === 'sending' || delivery.state === 'void';
  return (
    <li className={styles.row} data-testid="delivery" data-state={delivery.state}>
      <div className={styles.what}>
        <div className={styles.head}>
          <span className={styles.name}>{kindName(delivery.kind, kinds.data)}</span>
          <Tag {...STATE_LOOKS[delivery.state]}>{t(`state_${delivery.state}`)}</Tag>
        </div>
        <p className={styles.soft}>
          <Moment at={delivery.created_at} as="day" />
          {delivery.attempts > 0 && <> · {t('attempts', { count: delivery.attempts, number: delivery.attempts })}</>}
          {(delivery.status !== null || delivery.problem !== null) && <> · <Outcome status={delivery.status} problem={delivery.problem} /></>}
          {delivery.due_at && <> · {t('next_try')} <Moment at={delivery.due_at} as="relative" /></>}
          {delivery.contact_id && may('contacts.read') && <> · <Link to={`/leads/${delivery.contact_id}`} className={styles.go}>{t('see_person')}</Link></>}
        </p>
        {may('contacts.read') && delivery.state !== 'void' && <Message webhookId={webhookId} delivery={delivery} />}
        {replay.error && <p className={styles.wrong} role="alert">{asAPIError(replay.error).message}</p>}
      </div>
      {mayReplay && !cannotGo && <Button variant="default" size="compact-md" loading={replay.isPending} onClick={() => replay.mutate(undefined)} data-testid="replay">{t(delivery.state === 'waiting' ? 'try_now' : 'send_again')}</Button>}
    </li>
  );
}

function Message({ webhookId, delivery }: Pick<Props, 'webhookId' | 'delivery'>) {
  const t = useWords('webhooks');
  const [isOpen, setOpen] = useState(false);
  const message = useMessage(webhookId, delivery.event_id, isOpen);
  return (
    <details className={styles.more} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('message')}</summary>
      {message.isError && <p className={styles.wrong} role="alert">{asAPIError(message.error).message}</p>}
      {message.isSuccess && <pre className={`${styles.code} untrusted`} tabIndex={0} data-testid="message">{message.data === null ? t('message_gone') : `webhook-id: ${delivery.message_id}\n\n${inLines(message.data)}`}</pre>}
    </details>
  );
}

/** JSON as a person reads it; it is sent without the spaces. */
function inLines(body: string): string {
  return JSON.stringify(JSON.parse(body), null, 2);
}
