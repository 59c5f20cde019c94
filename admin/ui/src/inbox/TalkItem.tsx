/** One talk in the list: who, what was said last, and who has it. What visitors write is text and nothing else. */
import { Group, Text } from '@mantine/core';
import { Link, useLocation } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ChannelIcon } from '../look/ChannelIcon';
import { Moment } from '../look/Moment';
import { Tag } from '../look/Tag';
import { channelName } from '../look/words';
import styles from './Inbox.module.css';
import type { TalkRow } from './types';

export function TalkItem({ talk, isOpen }: { talk: TalkRow; isOpen: boolean }) {
  const t = useWords('inbox');
  const { search } = useLocation();
  const said = talk.last_message;
  return (
    <li>
      <Link
        to={{ pathname: `/inbox/${talk.id}`, search }} className={styles.talk} data-testid="talk" data-talk-id={talk.id}
        {...(isOpen ? { 'aria-current': 'true' as const } : {})}
      >
        <Group justify="space-between" wrap="nowrap" gap="xs">
          <Text component="span" size="sm" fw={talk.unread > 0 ? 650 : 500} truncate>{talk.name ?? t('somebody')}</Text>
          {said && <Text component="span" size="xs" c="dimmed" style={{ flex: 'none' }}><Moment at={said.at} as="near" /></Text>}
        </Group>
        <Text component="span" size="sm" c="dimmed" lineClamp={2} className="untrusted" dir="auto">
          {said ? `${said.author === 'visitor' ? '' : `${t(`by_${said.author}`)}: `}${said.text}` : t('nothing_said')}
        </Text>
        <Group gap={6} mt={4}>
          <Text component="span" size="xs" c="dimmed" className={styles.channel}>
            <ChannelIcon channel={talk.channel} size={13} />{channelName(talk.channel)}
          </Text>
          <TalkState talk={talk} />
          {talk.unread > 0 && <Tag tone="hot">{t('unread', { count: talk.unread })}</Tag>}
        </Group>
      </Link>
    </li>
  );
}

export function TalkState({ talk }: { talk: Pick<TalkRow, 'state' | 'user' | 'team'> }) {
  const t = useWords('inbox');
  if (talk.state === 'taken') return <Tag tone="good">{talk.user?.name ?? t('a_colleague')}</Tag>;
  if (talk.state === 'waiting') {
    const whom = talk.user?.name ?? talk.team?.name;
    return <Tag tone="warm">{whom ? t('waits_for', { whom }) : t('waits')}</Tag>;
  }
  return <Tag>{t(`state_${talk.state}`)}</Tag>;
}
