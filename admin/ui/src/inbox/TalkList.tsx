/** The talks of a view, with search. The view and what is looked for live in the address. */
import { ActionIcon, Button, Group, SegmentedControl, Text, TextInput, Title, Tooltip } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconBell, IconBellOff, IconInbox, IconSearch, IconSettings } from '@tabler/icons-react';
import { Link, useSearchParams } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PAGE_HEADING_ID } from '../look/PageHeading';
import { SampleOffer } from '../samples/SampleOffer';
import styles from './Inbox.module.css';
import { TalkItem } from './TalkItem';
import { isView, VIEWS, type View } from './types';
import { useSoundWish } from './useAlerts';
import { useCounts, useTalks, type TalkFilter } from './useTalks';

const SEARCH_AFTER = 300; // milliseconds without typing

export function TalkList({ openTalk }: { openTalk: string | null }) {
  const t = useWords('inbox');
  const filter = useTalkFilter();
  return (
    <section className={styles.list} aria-labelledby={PAGE_HEADING_ID}>
      <header className={styles.listHead}>
        <Group justify="space-between" wrap="nowrap">
          <Title order={1} id={PAGE_HEADING_ID} fz={22} lh="30px">{t('title')}</Title>
          <Group gap={2} wrap="nowrap">
            <SoundSwitch />
            <Tooltip label={t('settings')}>
              <ActionIcon component={Link} to="/inbox/settings" variant="subtle" color="gray" size={36} aria-label={t('settings')}>
                <IconSettings size={18} stroke={1.8} />
              </ActionIcon>
            </Tooltip>
          </Group>
        </Group>
        <Views view={filter.view} />
        <Search q={filter.q ?? ''} />
      </header>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('talks')}>
        <Talks filter={filter} openTalk={openTalk} />
      </div>
    </section>
  );
}

function Talks({ filter, openTalk }: { filter: TalkFilter; openTalk: string | null }) {
  const t = useWords('inbox');
  const talks = useTalks(filter);
  if (talks.isPending) return <ListLoading what={t('talks')} />;
  if (!talks.data) return <Failure error={talks.error} onRetry={() => void talks.refetch()} isRetrying={talks.isFetching} />;
  if (talks.data.length === 0) {
    return (
      <Nothing icon={IconInbox} title={filter.q ? t('none_found') : t(`none_${filter.view}`)}>
        <Text c="dimmed" size="sm" maw={300}>{filter.q ? t('none_found_why') : t(`none_${filter.view}_why`)}</Text>
        {!filter.q && filter.view === 'waiting' && <Button component={Link} to="/inbox?view=bot" variant="default" size="xs" mt="sm">{t('to_bot')}</Button>}
        {!filter.q && <SampleOffer />}
      </Nothing>
    );
  }
  return (
    <div aria-busy={talks.isPlaceholderData}>
      {talks.isError && <Stale error={talks.error} />}
      <ul className={styles.talks}>
        {talks.data.map((talk) => <TalkItem key={talk.id} talk={talk} isOpen={talk.id === openTalk} />)}
      </ul>
      <LoadMore list={talks} />
    </div>
  );
}

function Views({ view }: { view: View }) {
  const t = useWords('inbox');
  const [, setSearch] = useSearchParams();
  const { data: counts } = useCounts();
  const countOf = (name: View) => (name === 'waiting' ? counts?.waiting : name === 'mine' ? counts?.mine : undefined);
  const choose = (chosen: string) => setSearch((search) => { search.set('view', chosen); return search; }, { replace: true });
  return (
    <SegmentedControl
      fullWidth size="xs" aria-label={t('view')} value={view} onChange={choose} data-testid="inbox-views"
      data={VIEWS.map((name) => ({ value: name, label: `${t(`view_${name}`)}${countOf(name) ? ` ${countOf(name)}` : ''}` }))}
    />
  );
}

function Search({ q }: { q: string }) {
  const t = useWords('inbox');
  const [, setSearch] = useSearchParams();
  const look = useDebouncedCallback((text: string) => {
    setSearch((search) => {
      if (text.trim()) search.set('q', text.trim());
      else search.delete('q');
      return search;
    }, { replace: true });
  }, SEARCH_AFTER);
  return (
    <TextInput
      size="sm" type="search" aria-label={t('search')} placeholder={t('search_hint')} defaultValue={q} maxLength={200}
      leftSection={<IconSearch size={16} aria-hidden />} onChange={(event) => look(event.currentTarget.value)}
    />
  );
}

function SoundSwitch() {
  const t = useWords('inbox');
  const [withSound, setWithSound] = useSoundWish();
  const label = withSound ? t('sound_off') : t('sound_on');
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size={36} aria-label={label} onClick={() => setWithSound(!withSound)}>
        {withSound ? <IconBell size={18} stroke={1.8} /> : <IconBellOff size={18} stroke={1.8} />}
      </ActionIcon>
    </Tooltip>
  );
}

function useTalkFilter(): TalkFilter {
  const [search] = useSearchParams();
  const view = search.get('view');
  const q = search.get('q')?.trim();
  return { view: isView(view) ? view : 'waiting', ...(q ? { q } : {}) };
}
