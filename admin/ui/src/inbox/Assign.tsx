/** To whom a talk goes: a colleague, a team, or everybody. */
import { Select } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import styles from './Inbox.module.css';
import type { Talk } from './types';
import { useColleagues, useTeams } from './useTalks';

interface Props {
  talk: Talk;
  onAssign: (to: { team_id: string | null; user_id: string | null }) => void;
}

const NOBODY = 'nobody';

export function Assign({ talk, onAssign }: Props) {
  const t = useWords('inbox');
  const { data: teams = [] } = useTeams();
  const { data: colleagues = [] } = useColleagues();
  if (talk.state !== 'waiting' && talk.state !== 'taken') return null;
  const value = talk.user ? `user:${talk.user.user_id}` : talk.team ? `team:${talk.team.id}` : NOBODY;
  const people = colleagues.map(({ user_id, name, away }) => ({ value: `user:${user_id}`, label: away ? t('is_away', { name }) : name }));
  const choose = (chosen: string | null) => {
    const [kind, id = null] = (chosen ?? NOBODY).split(':');
    onAssign({ user_id: kind === 'user' ? id : null, team_id: kind === 'team' ? id : kind === 'user' ? (talk.team?.id ?? null) : null });
  };
  return (
    <Select
      className={styles.assign} size="xs" aria-label={t('assign')} value={value} onChange={choose} allowDeselect={false} data-testid="assign"
      data={[
        { group: t('people'), items: [{ value: NOBODY, label: t('everybody') }, ...people] },
        { group: t('teams'), items: teams.map(({ id, name }) => ({ value: `team:${id}`, label: name })) },
      ].filter(({ items }) => items.length > 0)}
    />
  );
}
