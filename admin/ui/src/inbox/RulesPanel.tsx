/** Which team gets which talks, whatever team the flow named: the first rule that holds decides. */
import { ActionIcon, Button, Group, Text } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, client } from '../api/client';
import { useCommand } from '../api/useCommand';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { Panel } from '../look/Panel';
import { channelName, languageName } from '../look/words';
import styles from './Inbox.module.css';
import { moved } from './moved';
import { Notice } from './Notice';
import type { Rule } from './types';
import { INBOX_KEY, useTeams } from './useTalks';

const CHANNELS = ['web', 'email', 'sms', 'telegram', 'voice'];
const LANGUAGES = ['en', 'es', 'fr', 'de'];
const RULES_KEY = [...INBOX_KEY, 'rules'];

export function RulesPanel() {
  const t = useWords('inbox');
  const rules = useQuery({
    queryKey: RULES_KEY,
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/inbox/rules', { signal })),
  });
  return (
    <Panel title={t('rules')}>
      <Text size="sm" c="dimmed" mb="md">{t('rules_why')}</Text>
      {rules.isPending && <ListLoading what={t('rules')} />}
      {rules.isError && <Failure error={rules.error} onRetry={() => void rules.refetch()} />}
      {rules.data && <RulesForm key={rules.dataUpdatedAt} known={rules.data.items} />}
    </Panel>
  );
}

function RulesForm({ known }: { known: readonly Rule[] }) {
  const t = useWords('inbox');
  const { data: teams = [] } = useTeams();
  const [rules, setRules] = useState<Rule[]>([...known]);
  const save = useCommand(() => answerOf(client.PUT('/api/v1/inbox/rules', { body: { items: rules } })), RULES_KEY);
  const first = teams[0];
  if (!first) return <Text size="sm">{t('rules_need_team')}</Text>;
  const put = (index: number, rule: Rule) => setRules(rules.map((one, at) => (at === index ? rule : one)));
  const move = (index: number, by: number) => setRules(moved(rules, index, by));
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
      {rules.length === 0 && <Text size="sm" mb="sm">{t('no_rules')}</Text>}
      <ol className={styles.rows}>
        {rules.map((rule, index) => (
          <li key={index} className={styles.row} data-testid="rule">
            <RuleFields rule={rule} teams={teams} onChange={(changed) => put(index, changed)} />
            <Group gap={2}>
              <ActionIcon variant="subtle" color="gray" size={34} aria-label={t('earlier_rule')} disabled={index === 0} onClick={() => move(index, -1)}><IconArrowUp size={17} /></ActionIcon>
              <ActionIcon variant="subtle" color="gray" size={34} aria-label={t('later_rule')} disabled={index === rules.length - 1} onClick={() => move(index, 1)}><IconArrowDown size={17} /></ActionIcon>
              <ActionIcon variant="subtle" color="gray" size={34} aria-label={t('remove_rule')} onClick={() => setRules(rules.filter((_, at) => at !== index))}><IconTrash size={17} /></ActionIcon>
            </Group>
          </li>
        ))}
      </ol>
      <Group mt="md" gap="xs">
        <Button variant="default" onClick={() => setRules([...rules, { team_id: first.id, channel: null, language: null, segment_id: null }])}>{t('add_rule')}</Button>
        <Button type="submit" loading={save.isPending}>{t('save_rules')}</Button>
      </Group>
      {save.isError && <Notice error={save.error} />}
    </form>
  );
}

interface FieldsProps {
  rule: Rule;
  teams: readonly { id: string; name: string }[];
  onChange: (rule: Rule) => void;
}

function RuleFields({ rule, teams, onChange }: FieldsProps) {
  const t = useWords('inbox');
  const segments = useSegmentNames();
  const any = { value: '', label: t('any') };
  return (
    <>
      <Choose label={t('channel')} value={rule.channel ?? ''} choices={[any, ...CHANNELS.map((value) => ({ value, label: channelName(value) }))]} onChange={(value) => onChange({ ...rule, channel: value || null })} />
      <Choose label={t('language')} value={rule.language ?? ''} choices={[any, ...LANGUAGES.map((value) => ({ value, label: languageName(value) }))]} onChange={(value) => onChange({ ...rule, language: value || null })} />
      <Choose label={t('segment')} value={rule.segment_id ?? ''} choices={[any, ...segments]} onChange={(value) => onChange({ ...rule, segment_id: value || null })} />
      <Choose label={t('team')} value={rule.team_id} choices={teams.map(({ id, name }) => ({ value: id, label: name }))} onChange={(value) => onChange({ ...rule, team_id: value })} />
    </>
  );
}

function useSegmentNames(): { value: string; label: string }[] {
  const { data = [] } = useQuery({
    queryKey: [...INBOX_KEY, 'segments'],
    queryFn: ({ signal }) => answerOf(client.GET('/api/v1/segments', { signal })),
    select: ({ items }) => items.map(({ id, name }) => ({ value: id, label: name })),
  });
  return data;
}
