/** One talk: who has it and what may be done with it, what was said, and where one answers. */
import { ActionIcon, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconArrowLeft, IconCheck, IconHandStop, IconInfoCircle, IconRobot } from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Notice } from './Notice';
import { channelName } from '../look/words';
import { useOnPhone } from '../look/useOnPhone';
import { useMay } from '../session/useMay';
import { Assign } from './Assign';
import { Composer } from './Composer';
import styles from './Inbox.module.css';
import { Messages } from './Messages';
import { TalkState } from './TalkItem';
import type { Talk } from './types';
import { useTalkCommand } from './useTalkCommands';

interface Props {
  talk: Talk;
  typing: boolean;
  onDetails?: () => void;
}

export function TalkView({ talk, typing, onDetails }: Props) {
  const t = useWords('inbox');
  const may = useMay();
  const command = useTalkCommand(talk.id);
  return (
    <section className={styles.pane} aria-label={t('talk_with', { name: talk.name ?? t('somebody') })}>
      <header className={styles.talkHead}>
        <Back />
        <div className={styles.who}>
          <Text fw={600} truncate>{talk.name ?? t('somebody')}</Text>
          <Group gap={6}>
            <Text size="xs" c="dimmed">{channelName(talk.channel)}</Text>
            <TalkState talk={talk} />
          </Group>
        </div>
        {may('conversations.write') && <Assign talk={talk} onAssign={(to) => command.mutate({ do: 'assign', ...to })} />}
        {may('conversations.reply') && (
          <Commands talk={talk} isBusy={command.isPending} onCommand={(name) => command.mutate({ do: name })} />
        )}
        {onDetails && (
          <Tooltip label={t('details')}>
            <ActionIcon variant="subtle" color="gray" size={36} aria-label={t('details')} onClick={onDetails} data-testid="talk-details">
              <IconInfoCircle size={19} stroke={1.8} />
            </ActionIcon>
          </Tooltip>
        )}
      </header>
      {command.isError && <Notice error={command.error} />}
      <Messages talkId={talk.id} typing={typing} />
      {may('conversations.reply') ? <Composer talk={talk} /> : <Text size="sm" c="dimmed" className={styles.composer}>{t('read_only')}</Text>}
    </section>
  );
}

type Simple = 'take_over' | 'hand_back' | 'close';

function Commands({ talk, isBusy, onCommand }: { talk: Talk; isBusy: boolean; onCommand: (name: Simple) => void }) {
  const t = useWords('inbox');
  if (talk.state === 'moved') return null;
  if (talk.state !== 'taken') {
    return (
      <Button size="xs" leftSection={<IconHandStop size={15} aria-hidden />} loading={isBusy} onClick={() => onCommand('take_over')} data-testid="take-over">
        {t('take_over')}
      </Button>
    );
  }
  return (
    <Group gap={6} wrap="nowrap">
      <Button size="xs" variant="default" leftSection={<IconRobot size={15} aria-hidden />} loading={isBusy} onClick={() => onCommand('hand_back')} data-testid="hand-back">
        {t('hand_back')}
      </Button>
      <Button size="xs" variant="default" leftSection={<IconCheck size={15} aria-hidden />} loading={isBusy} onClick={() => onCommand('close')} data-testid="close-talk">
        {t('close')}
      </Button>
    </Group>
  );
}

function Back() {
  const t = useWords('inbox');
  const onPhone = useOnPhone();
  const { search } = useLocation();
  if (!onPhone) return null;
  return (
    <ActionIcon component={Link} to={{ pathname: '/inbox', search }} variant="subtle" color="gray" size={36} aria-label={t('back')}>
      <IconArrowLeft size={19} stroke={1.8} />
    </ActionIcon>
  );
}
