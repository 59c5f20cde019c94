/** The teams that flows hand talks to: who is in them, and who of them is given a talk. */
import { Button, Group, MultiSelect, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure } from '../look/Notices';
import { Panel } from '../look/Panel';
import styles from './Inbox.module.css';
import { Notice } from './Notice';
import type { Team } from './types';
import { INBOX_KEY, useColleagues, useTeams } from './useTalks';

const ROUTINGS = ['round_robin', 'owner', 'nobody'] as const;
type Wish = { name: string; routing: Team['routing']; members: string[] };

export function TeamsPanel() {
  const t = useWords('inbox');
  const teams = useTeams();
  return (
    <Panel title={t('teams')}>
      <Text size="sm" c="dimmed" mb="md">{t('teams_why')}</Text>
      {teams.isPending && <ListLoading what={t('teams')} />}
      {teams.isError && <Failure error={teams.error} onRetry={() => void teams.refetch()} />}
      {teams.data?.length === 0 && <Text size="sm" mb="md">{t('no_teams')}</Text>}
      <ul className={styles.rows}>
        {teams.data?.map((team) => <li key={`${team.id}-${team.version}`}><TeamForm team={team} /></li>)}
        {teams.data && <li key={`new-${teams.data.length}`}><TeamForm team={null} /></li>}
      </ul>
    </Panel>
  );
}

function TeamForm({ team }: { team: Team | null }) {
  const t = useWords('inbox');
  const { data: colleagues = [] } = useColleagues();
  const [wish, setWish] = useState<Wish>({
    name: team?.name ?? '', routing: team?.routing ?? 'round_robin', members: team?.members.map(({ user_id }) => user_id) ?? [],
  });
  const { save, remove } = useTeamCommands(team);
  return (
    <form className={styles.row} data-testid="team" onSubmit={(event) => { event.preventDefault(); save.mutate(wish); }}>
      <TextInput
        className={styles.grow} label={t('team_name')} description={t('team_name_why')} value={wish.name} maxLength={60} required
        onChange={(event) => setWish({ ...wish, name: event.currentTarget.value })}
      />
      <MultiSelect
        className={styles.grow} label={t('members')} value={wish.members} searchable
        data={colleagues.map(({ user_id, name }) => ({ value: user_id, label: name }))}
        onChange={(members) => setWish({ ...wish, members })}
      />
      <Choose
        label={t('routing')} value={wish.routing} choices={ROUTINGS.map((value) => ({ value, label: t(`routing_${value}`) }))}
        onChange={(routing) => setWish({ ...wish, routing })}
      />
      <Group gap={6}>
        <Button type="submit" variant="default" loading={save.isPending}>{team ? t('save') : t('add_team')}</Button>
        {team && (
          <ConfirmButton
            label={t('remove')} title={t('remove_team')} confirm={t('remove')} cancel={t('cancel')}
            isBusy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()}
          >
            <Text size="sm">{t('remove_team_why')}</Text>
          </ConfirmButton>
        )}
      </Group>
      {team && <Hours team={team} />}
      {save.isError && <Notice error={save.error} />}
    </form>
  );
}

function Hours({ team }: { team: Team }) {
  const t = useWords('inbox');
  if (team.open_now) return <Text size="xs" c="dimmed" w="100%">{t('open_now')}</Text>;
  return <Text size="xs" c="dimmed" w="100%">{t('opens')} {team.opens_at ? <Moment at={team.opens_at} as="inline" /> : '–'}</Text>;
}

function useTeamCommands(team: Team | null) {
  const at = team && { path: { id: team.id }, header: { 'If-Match': `"${team.version}"` } };
  const save = useCommand(
    (body: Wish) =>
      at
        ? answerOf(client.PUT('/api/v1/inbox/teams/{id}', { params: at, body }))
        : answerOf(client.POST('/api/v1/inbox/teams', { body })),
    INBOX_KEY,
  );
  const remove = useCommand(async () => {
    if (at) await answerOf(client.DELETE('/api/v1/inbox/teams/{id}', { params: at }));
  }, INBOX_KEY);
  return { save, remove };
}
