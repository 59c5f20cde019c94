/** The inbox: who waits on the left, the talk in the middle, who it is on the right. On a phone one at a time. */
import { Drawer, Text, Title } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconMessages } from '@tabler/icons-react';
import { useParams } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure, Nothing } from '../look/Notices';
import { PAGE_HEADING_ID } from '../look/PageHeading';
import { useOnPhone } from '../look/useOnPhone';
import styles from './Inbox.module.css';
import { TalkCard } from './TalkCard';
import { TalkList } from './TalkList';
import type { Talk } from './types';
import { TalkView } from './TalkView';
import { useAlerts, useSoundWish } from './useAlerts';
import { useStream } from './useStream';
import { useCounts, useTalk } from './useTalks';

export function InboxPage() {
  const t = useWords('inbox');
  const { talkId = null } = useParams();
  const onPhone = useOnPhone();
  const { typing } = useStream(talkId);
  const [withSound] = useSoundWish();
  useAlerts(t('title'), useCounts().data?.waiting ?? 0, withSound);
  const showsList = !onPhone || talkId === null;
  return (
    <div className={styles.inbox} data-talk={talkId !== null}>
      {showsList ? <TalkList openTalk={talkId} /> : <Title order={1} id={PAGE_HEADING_ID} className={styles.hidden}>{t('title')}</Title>}
      {talkId !== null && <OpenTalk key={talkId} id={talkId} typing={typing} />}
      {talkId === null && !onPhone && (
        <div className={styles.pane}>
          <Nothing icon={IconMessages} title={t('choose')}><Text c="dimmed" size="sm">{t('choose_why')}</Text></Nothing>
        </div>
      )}
    </div>
  );
}

function OpenTalk({ id, typing }: { id: string; typing: boolean }) {
  const t = useWords('inbox');
  const talk = useTalk(id);
  const isWide = useMediaQuery('(min-width: 80em)', false, { getInitialValueInEffect: false });
  const [showsCard, card] = useDisclosure(false);
  if (talk.isPending) return <div className={styles.pane}><ListLoading what={t('talk')} /></div>;
  if (!talk.data) {
    return (
      <div className={styles.pane}>
        <Failure error={talk.error} onRetry={() => void talk.refetch()} isRetrying={talk.isFetching} />
      </div>
    );
  }
  return (
    <>
      <TalkView talk={talk.data} typing={typing} {...(isWide ? {} : { onDetails: card.open })} />
      {isWide ? (
        <aside className={styles.card} aria-label={t('details')}><TalkCard talk={talk.data} /></aside>
      ) : (
        <CardDrawer talk={talk.data} opened={showsCard} onClose={card.close} />
      )}
    </>
  );
}

function CardDrawer({ talk, opened, onClose }: { talk: Talk; opened: boolean; onClose: () => void }) {
  const t = useWords('inbox');
  return (
    <Drawer opened={opened} onClose={onClose} position="right" title={t('details')} closeButtonProps={{ 'aria-label': t('close_details') }}>
      <TalkCard talk={talk} />
    </Drawer>
  );
}
