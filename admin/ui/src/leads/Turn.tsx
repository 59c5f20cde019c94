/** One message of the transcript. Its text comes from strangers: shown as text and nothing else. */
import { IconBook2, IconRobot } from '@tabler/icons-react';
import type { TranscriptMessage } from '../api/types';
import { findWords } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { ChannelIcon } from '../look/ChannelIcon';
import { Moment } from '../look/Moment';
import { safeLink } from '../look/safeLink';
import { Tag } from '../look/Tag';
import { channelName, plainWords } from '../look/words';
import styles from './Transcript.module.css';
import { turnAnchor } from './TurnLink';

const RUN = 5 * 60 * 1000; // milliseconds within which one author's messages share a heading

interface Props {
  message: TranscriptMessage;
  before: TranscriptMessage | null;
  isWanted: boolean;
}

export function Turn({ message, before, isWanted }: Props) {
  const t = useWords('leads');
  return (
    <li
      id={turnAnchor(message.id)} tabIndex={-1} className={styles.turn} data-testid="transcript-message"
      data-author={message.author} data-ours={message.author !== 'visitor'} data-wanted={isWanted}
    >
      {!continuesRun(message, before) && <Heading message={message} />}
      <div className={`${styles.bubble} untrusted`} dir="auto">{message.text}</div>
      {message.choices.length > 0 && (
        <ul className={styles.extras} aria-label={t('choices_offered')}>
          {message.choices.map(({ value, label }) => <li key={value} className={styles.choice}>{label}</li>)}
        </ul>
      )}
      {message.source && <Source source={message.source} />}
    </li>
  );
}

function Heading({ message }: Pick<Props, 'message'>) {
  const t = useWords('leads');
  return (
    <div className={styles.by}>
      <strong>{findWords('leads', `author_${message.author}`) ?? plainWords(message.author)}</strong>
      {message.channel !== 'web' && <><ChannelIcon channel={message.channel} size={13} />{channelName(message.channel)}</>}
      {message.notice && (
        <Tag icon={IconRobot}>{message.notice === 'ai' ? t('ai_notice') : plainWords(message.notice)}</Tag>
      )}
      <Moment at={message.at} as="clock" />
    </div>
  );
}

function Source({ source }: { source: NonNullable<TranscriptMessage['source']> }) {
  const t = useWords('leads');
  const link = safeLink(source.link);
  return (
    <div className={styles.source}>
      <IconBook2 size={13} aria-hidden />
      <span>{t('answered_from')} {link ? <a href={link} target="_blank" rel="noopener noreferrer">{source.title}</a> : source.title}</span>
    </div>
  );
}

function continuesRun(message: TranscriptMessage, before: TranscriptMessage | null): boolean {
  if (!before || message.notice) return false;
  const isSameVoice = before.author === message.author && before.channel === message.channel;
  return isSameVoice && Date.parse(message.at) - Date.parse(before.at) < RUN;
}
