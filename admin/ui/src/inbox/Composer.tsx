/** Where one answers: whether it may leave and what they agreed to stand beside it, canned replies and articles help. */
import { ActionIcon, Alert, Button, Group, Menu, Text, Textarea, Tooltip } from '@mantine/core';
import { IconBook2, IconMessage2Bolt, IconMessageOff, IconSend } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useWords } from '../i18n/useWords';
import { ConsentSummary } from '../leads/ConsentSummary';
import styles from './Inbox.module.css';
import { Notice } from './Notice';
import { Suggestions } from './Suggestions';
import type { Talk } from './types';
import { useReplyDraft } from './useReplyDraft';
import { tellTyping, useReply } from './useTalkCommands';
import { useFilledReplies } from './useTalks';

const LONGEST = 4_000; // characters
const TYPING_TOLD_EVERY = 4_000; // milliseconds

export function Composer({ talk }: { talk: Talk }) {
  const t = useWords('inbox');
  const [text, setText] = useReplyDraft(talk.id);
  const [showsArticles, setShowsArticles] = useState(false);
  const typing = useTypingTeller(talk.id);
  const reply = useReply(talk.id);
  const draft = useRef(crypto.randomUUID());
  const canWrite = talk.may_reply.allowed && talk.state !== 'moved';
  const send = () => {
    if (!text.trim() || !canWrite || reply.isPending) return;
    typing(false);
    reply.mutate(
      { text: text.trim(), client_id: draft.current },
      {
        onSuccess: () => {
          draft.current = crypto.randomUUID();
          setText('');
        },
      },
    );
  };
  const write = (value: string) => {
    setText(value);
    typing(value.trim() !== '');
  };
  return (
    <footer className={styles.composer}>
      {showsArticles && <Suggestions talkId={talk.id} onUse={write} />}
      {!canWrite && (
        <Alert bg="var(--warm-soft)" icon={<IconMessageOff size={18} color="var(--warm)" aria-hidden />} data-testid="may-not-reply">
          <Text size="sm" c="var(--warm)">{talk.state === 'moved' ? t('moved_on') : talk.may_reply.reason}</Text>
        </Alert>
      )}
      {reply.isError && <Notice error={reply.error} />}
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <Textarea
          className={styles.text} aria-label={t('answer')} placeholder={talk.state === 'taken' ? t('answer_hint') : t('answer_takes')}
          autosize minRows={2} maxRows={8} maxLength={LONGEST} value={text} disabled={!canWrite} data-testid="inbox-reply"
          onChange={(event) => write(event.currentTarget.value)}
          onBlur={() => typing(false)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <Button onClick={send} disabled={!canWrite || !text.trim()} loading={reply.isPending} leftSection={<IconSend size={16} aria-hidden />} data-testid="inbox-send">
          {t('send')}
        </Button>
      </Group>
      <Group justify="space-between" gap="xs">
        <Group gap={4}>
          <CannedReplies talkId={talk.id} onUse={write} isDisabled={!canWrite} />
          <Tooltip label={t('articles')}>
            <ActionIcon
              variant={showsArticles ? 'light' : 'subtle'} color="gray" size={34} aria-label={t('articles')} aria-pressed={showsArticles}
              onClick={() => setShowsArticles(!showsArticles)} data-testid="show-articles"
            >
              <IconBook2 size={18} stroke={1.8} />
            </ActionIcon>
          </Tooltip>
        </Group>
        <Group gap={6} className={styles.consents}>
          <Text size="xs" c="dimmed">{t('consents')}</Text>
          {talk.contact ? <ConsentSummary consents={talk.contact.consents} /> : <Text size="xs" c="dimmed">{t('nobody_known')}</Text>}
        </Group>
      </Group>
    </footer>
  );
}

function CannedReplies({ talkId, onUse, isDisabled }: { talkId: string; onUse: (text: string) => void; isDisabled: boolean }) {
  const t = useWords('inbox');
  const [isOpen, setIsOpen] = useState(false);
  const replies = useFilledReplies(talkId, isOpen);
  return (
    <Menu opened={isOpen} onChange={setIsOpen} position="top-start" width={340} disabled={isDisabled}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={34} aria-label={t('canned')} disabled={isDisabled} data-testid="canned">
          <IconMessage2Bolt size={18} stroke={1.8} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown className={styles.menu}>
        {replies.isPending && <Menu.Item disabled>{t('loading')}</Menu.Item>}
        {replies.isError && <Menu.Item onClick={() => void replies.refetch()} closeMenuOnClick={false}>{t('try_again')}</Menu.Item>}
        {replies.data?.items.length === 0 && <Menu.Item disabled>{t('no_canned')}</Menu.Item>}
        {replies.data?.items.map((one) => (
          <Menu.Item key={one.id} onClick={() => onUse(one.text)}>
            <Text size="sm" fw={500}>{one.name} <Text span size="xs" c="dimmed">{one.language}</Text></Text>
            <Text size="xs" c="dimmed" lineClamp={2}>{one.text}</Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Tells now and then that somebody types, and once that they stopped. */
function useTypingTeller(talkId: string): (on: boolean) => void {
  const toldAt = useRef(0);
  return (on) => {
    const now = Date.now();
    if (on ? now - toldAt.current < TYPING_TOLD_EVERY : toldAt.current === 0) return;
    toldAt.current = on ? now : 0;
    tellTyping(talkId, on);
  };
}
