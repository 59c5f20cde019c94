/** Teams, who gets which talks, canned replies, and how quickly people answered. */
import { Anchor, Group, Stack, Switch, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { answerOf, client } from '../api/client';
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel } from '../look/Panel';
import { useMay } from '../session/useMay';
import { useSession } from '../session/useSession';
import { CannedRepliesPanel } from './CannedRepliesPanel';
import styles from './Inbox.module.css';
import { RulesPanel } from './RulesPanel';
import { TeamsPanel } from './TeamsPanel';
import type { Figures } from './types';
import { INBOX_KEY, useColleagues } from './useTalks';

const DAYS = 30;
const MINUTE = 60; // seconds

export function InboxSettingsPage() {
  const t = useWords('inbox');
  const may = useMay();
  return (
    <>
      <PageHeading title={t('settings')}>{t('settings_why')}</PageHeading>
      <Stack gap="lg">
        <Group justify="space-between">
          <Anchor component={Link} to="/inbox" c="var(--accent)" underline="always">{t('to_inbox')}</Anchor>
          {may('conversations.reply') && <AwaySwitch />}
        </Group>
        {may('numbers.read') && <FiguresPanel />}
        {may('settings.write') && <TeamsPanel />}
        {may('settings.write') && <RulesPanel />}
        {may('conversations.write') && <CannedRepliesPanel />}
      </Stack>
    </>
  );
}

function AwaySwitch() {
  const t = useWords('inbox');
  const queries = useQueryClient();
  const { data: user } = useSession();
  const { data: colleagues } = useColleagues();
  const set = useMutation({
    mutationFn: (away: boolean) => answerOf(client.PUT('/api/v1/inbox/away', { body: { away } })),
    onSettled: () => queries.invalidateQueries({ queryKey: [...INBOX_KEY, 'colleagues'] }),
  });
  const me = colleagues?.find(({ user_id }) => user_id === user?.id);
  if (!me) return null;
  return <Switch label={t('i_am_away')} checked={me.away} disabled={set.isPending} onChange={(event) => set.mutate(event.currentTarget.checked)} />;
}

function FiguresPanel() {
  const t = useWords('inbox');
  const figures = useQuery({
    queryKey: [...INBOX_KEY, 'figures'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/inbox/figures', { params: { query: { days: DAYS } }, signal })),
  });
  return (
    <Panel title={t('figures', { count: DAYS })}>
      {figures.isPending && <ListLoading what={t('figures', { count: DAYS })} />}
      {figures.isError && <Failure error={figures.error} onRetry={() => void figures.refetch()} />}
      {figures.data?.total.asked === 0 && <Text size="sm" c="dimmed">{t('no_figures')}</Text>}
      {figures.data && figures.data.total.asked > 0 && <Numbers figures={figures.data.total} />}
    </Panel>
  );
}

function Numbers({ figures }: { figures: Figures }) {
  const t = useWords('inbox');
  const minutes = (seconds: number | null) => (seconds === null ? '–' : t('minutes', { count: Math.max(1, Math.round(seconds / MINUTE)) }));
  const told: [string, string][] = [
    [t('asked'), figure(figures.asked)],
    [t('answered'), figure(figures.answered)],
    [t('first_answer'), minutes(figures.first_answer_median)],
    [t('first_answer_slow'), minutes(figures.first_answer_p90)],
    [t('rating'), figures.rating === null ? '–' : `${figure(figures.rating, 1)} / 5`],
  ];
  return (
    <dl className={styles.figures}>
      {told.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="tabular">{value}</dd></div>)}
    </dl>
  );
}
