/** What was said, in order, and the place a reason's link leads to. */
import { Button } from '@mantine/core';
import { useRef } from 'react';
import type { Conversation, TranscriptMessage } from '../api/types';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { Panel } from '../look/Panel';
import { shortAddress } from '../look/safeLink';
import { channelName } from '../look/words';
import styles from './Transcript.module.css';
import { inTalks, type Talk } from './talks';
import { Turn } from './Turn';
import { useWantedTurn } from './useWantedTurn';

interface Props {
  messages: readonly TranscriptMessage[];
  conversations: readonly Conversation[];
}

export function Transcript({ messages, conversations }: Props) {
  const t = useWords('leads');
  const scroll = useRef<HTMLDivElement>(null);
  const wanted = useWantedTurn(messages, scroll);
  const toLatest = () => scroll.current?.scrollTo({ top: scroll.current.scrollHeight });
  const aside = messages.length > 0 && (
    <Button variant="subtle" color="var(--accent)" size="compact-sm" onClick={toLatest}>{t('latest')}</Button>
  );
  return (
    <Panel title={t('conversation')} aside={aside}>
      {/* A scrolling region must be reachable by keyboard. */}
      <div ref={scroll} className={styles.scroll} role="region" aria-label={t('transcript')} tabIndex={0}>
        {messages.length === 0 && <p className={styles.none}>{t('nothing_said')}</p>}
        {inTalks(messages, conversations).map((talk) => <TalkMessages key={talk.key} talk={talk} wanted={wanted} />)}
      </div>
    </Panel>
  );
}

function TalkMessages({ talk, wanted }: { talk: Talk; wanted: string | null }) {
  const t = useWords('leads');
  const { conversation, messages } = talk;
  const first = messages[0];
  return (
    <>
      <div className={styles.break}>
        {first && <Moment at={first.at} as="day" />}
        {conversation && <span>{channelName(conversation.channel)}</span>}
        {conversation?.page_url && <span title={conversation.page_url}>{t('on_page', { page: shortAddress(conversation.page_url) })}</span>}
      </div>
      <ol className={styles.messages}>
        {messages.map((message, index) => (
          <Turn key={message.id} message={message} before={messages[index - 1] ?? null} isWanted={message.id === wanted} />
        ))}
      </ol>
    </>
  );
}
