/** What was said, the latest at the bottom and in sight; what a colleague sees is marked as read. */
import { Button, Center, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure } from '../look/Notices';
import { Tag } from '../look/Tag';
import styles from './Inbox.module.css';
import type { InboxMessage } from './types';
import { markRead } from './useTalkCommands';
import { useMessages } from './useTalks';

const NOT_LEFT = ['skipped', 'failed', 'cancelled', 'undelivered'];

export function Messages({ talkId, typing }: { talkId: string; typing: boolean }) {
  const t = useWords('inbox');
  const messages = useMessages(talkId);
  const log = useRef<HTMLDivElement>(null);
  const latest = messages.data?.at(-1)?.seq ?? 0;
  useEffect(() => {
    // Only the log itself: the page round it stays where it is.
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [latest, typing]);
  useEffect(() => {
    if (latest > 0 && document.visibilityState === 'visible') void markRead(talkId, latest);
  }, [talkId, latest]);
  if (messages.isPending) return <div className={styles.said}><ListLoading what={t('messages')} /></div>;
  if (!messages.data) {
    return <div className={styles.said}><Failure error={messages.error} onRetry={() => void messages.refetch()} isRetrying={messages.isFetching} /></div>;
  }
  return (
    <div ref={log} className={styles.said} tabIndex={0} role="log" aria-label={t('messages')}>
      {messages.hasNextPage && (
        <Center>
          <Button variant="subtle" color="var(--accent)" size="compact-sm" loading={messages.isFetchingNextPage} onClick={() => void messages.fetchNextPage()}>
            {t('earlier')}
          </Button>
        </Center>
      )}
      {messages.data.length === 0 && <Text size="sm" c="dimmed">{t('nothing_said')}</Text>}
      <ol className={styles.messages}>
        {messages.data.map((message) => <Said key={message.id} message={message} />)}
      </ol>
      {typing && <Text size="sm" c="dimmed" role="status" data-testid="visitor-types">{t('visitor_types')}</Text>}
    </div>
  );
}

function Said({ message }: { message: InboxMessage }) {
  const t = useWords('inbox');
  const by = message.user?.name ?? t(`by_${message.author}`);
  const { delivery } = message;
  return (
    <li className={styles.message} data-testid="inbox-message" data-author={message.author} data-ours={message.author !== 'visitor'}>
      <div className={styles.by}><strong>{by}</strong><Moment at={message.at} as="clock" /></div>
      <div className={`${styles.bubble} untrusted`} dir="auto">{message.text}</div>
      {message.choices.length > 0 && (
        <ul className={styles.choices} aria-label={t('choices')}>
          {message.choices.map(({ value, label }) => <li key={value}>{label}</li>)}
        </ul>
      )}
      {delivery && (
        <div className={styles.delivery}>
          <Tag tone={NOT_LEFT.includes(delivery.state) ? 'bad' : 'plain'}>{deliveryWords(t, delivery.state)}</Tag>
          {delivery.reason && <Text size="xs" c="dimmed" component="span">{delivery.reason}</Text>}
        </div>
      )}
    </li>
  );
}

const ON_ITS_WAY = ['planned', 'deferred', 'sending'];

function deliveryWords(t: ReturnType<typeof useWords<'inbox'>>, state: string): string {
  if (ON_ITS_WAY.includes(state)) return t('on_its_way');
  if (NOT_LEFT.includes(state)) return t('not_sent');
  return state === 'read' ? t('opened') : state === 'delivered' ? t('arrived') : t('sent');
}
