/** Many people go through the journey at once: how many come how far, what is sent and refused, what it costs and when. */
import { Button, Group, NumberInput, Stack, Table, Text } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { asAPIError } from '../../api/problem';
import { figure, shownLanguage } from '../../i18n/said';
import { useWords } from '../../i18n/useWords';
import { Choose } from '../../look/Choose';
import { plainWords } from '../../look/words';
import { useEditor } from '../EditorContext';
import { Section } from '../panel/Section';
import type { PeopleTrialled } from '../shapes';
import { useTrial } from '../useTrials';
import { useEditorWords } from '../words';
import styles from './trial.module.css';

/** What of it stands on the canvas. */
export type Simulated = Pick<PeopleTrialled, 'steps' | 'ways'>;

interface Props {
  journey: string;
  beforeStart: () => Promise<void>;
  onFigures: (figures: Simulated | null) => void;
}

const USUAL = { count: 200, days: 60 };
const MOST = { count: 1_000, days: 730 };

export function PeopleTrial({ journey, beforeStart, onFigures }: Props) {
  const { names } = useEditor();
  const t = useWords('trials');
  const [segment, setSegment] = useState('');
  const [count, setCount] = useState(USUAL.count);
  const [days, setDays] = useState(USUAL.days);
  const trial = useTrial(beforeStart);
  const found = trial.data?.people ?? null;
  useEffect(() => onFigures(found), [found, onFigures]);
  return (
    <Stack gap="sm">
      <Choose
        size="xs" label={t('like_whom')} value={segment} onChange={setSegment} data-testid="trial-segment"
        choices={[{ value: '', label: t('made_up_people') }, ...names.segments.map((name) => ({ value: name, label: name }))]}
      />
      <Group gap={8} grow>
        <NumberInput size="xs" label={t('number_of_people')} value={count} min={1} max={MOST.count} allowDecimal={false} onChange={(next) => setCount(Number(next) || USUAL.count)} />
        <NumberInput size="xs" label={t('for_days')} value={days} min={1} max={MOST.days} allowDecimal={false} onChange={(next) => setDays(Number(next) || USUAL.days)} />
      </Group>
      <Button
        leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={trial.isPending} data-testid="trial-start"
        onClick={() => trial.mutate({ journey, state: 'draft', days, begins_at: null, person: null, people: { segment: segment || null, count, seed: 1 } })}
      >
        {t('let_go')}
      </Button>
      {trial.error && <Text size="sm" c="var(--bad)" role="alert">{asAPIError(trial.error).message}</Text>}
      {found && (found.people === 0 ? <Text size="sm" c="dimmed" role="status">{t('nobody_there')}</Text> : <Became found={found} />)}
    </Stack>
  );
}

function Became({ found }: { found: PeopleTrialled }) {
  const { goTo } = useEditor();
  const { value } = useEditorWords();
  const t = useWords('trials');
  const money = (cost: number) => `${figure(cost, 2)} ${found.currency}`;
  return (
    <Stack gap="md" data-testid="trial-people">
      <Text size="sm" fw={600} role="status">{t('came_of', { people: found.people, entered: found.entered, goals: found.goals })}</Text>
      {found.held_out > 0 && <Text size="xs" c="dimmed">{t('held_out', { count: found.held_out })}</Text>}
      <Counts title={t('outcomes')} empty={t('nobody_left_yet')} rows={Object.entries(found.outcomes)} />
      <Counts title={t('kept_out')} empty={t('nobody_kept_out')} rows={Object.entries(found.stayed_out)} />
      <Section title={t('by_step')}>
        <Table verticalSpacing={3} className={styles.table ?? ''}>
          <Table.Thead><Table.Tr><Table.Th scope="col">{t('step')}</Table.Th><Table.Th scope="col">{t('arrived')}</Table.Th><Table.Th scope="col">{t('stand_here')}</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {found.steps.filter(({ arrived }) => arrived > 0).map((step) => (
              <Table.Tr key={step.step}>
                <Table.Th scope="row"><Button size="compact-xs" variant="subtle" onClick={() => goTo(step.step)}>{step.step}</Button></Table.Th>
                <Table.Td>{figure(step.arrived)}</Table.Td>
                <Table.Td>{step.stand_here > 0 ? figure(step.stand_here) : '–'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Section>
      <Section title={t('sends')}>
        {found.sends.length === 0 ? <Text size="sm" c="dimmed">{t('nothing_sent')}</Text> : (
          <ul className={styles.counts} data-testid="trial-sends">
            {found.sends.map(({ channel, messages, cost }) => <li key={channel}><span>{value(channel)}</span><span>{figure(messages)} · {money(cost)}</span></li>)}
            <li><strong>{t('altogether')}</strong><strong>{money(found.cost)}</strong></li>
          </ul>
        )}
      </Section>
      <Section title={t('refusals')}>
        {found.refusals.length === 0 ? <Text size="sm" c="dimmed">{t('nothing_refused')}</Text> : (
          <ul className={styles.counts}>
            {found.refusals.map((one) => <li key={`${one.step ?? ''}:${one.channel}:${one.rule}`}><span>{plainWords(one.rule)} <small>{one.step} · {value(one.channel)}</small></span><span>{figure(one.messages)}</span></li>)}
          </ul>
        )}
      </Section>
      {found.load.length > 0 && <Load found={found} />}
    </Stack>
  );
}

function Counts({ title, empty, rows }: { title: string; empty: string; rows: readonly [string, number][] }) {
  return (
    <Section title={title}>
      {rows.length === 0 ? <Text size="sm" c="dimmed">{empty}</Text> : (
        <ul className={styles.counts}>{rows.map(([name, count]) => <li key={name}><span>{plainWords(name)}</span><span>{figure(count)}</span></li>)}</ul>
      )}
    </Section>
  );
}

/** Messages a day, as bars with their figures. */
function Load({ found: { load, busiest_hour: hour, busiest_messages: most } }: { found: PeopleTrialled }) {
  const t = useWords('trials');
  const days = load.map(({ day, channels }) => ({ day, messages: Object.values(channels).reduce((sum, one) => sum + one, 0) }));
  const highest = Math.max(1, ...days.map(({ messages }) => messages));
  const named = (day: string) => new Date(`${day}T12:00:00Z`).toLocaleDateString(shownLanguage(), { day: 'numeric', month: 'short' });
  return (
    <Section title={t('load')}>
      {hour !== null && <Text size="xs" c="dimmed" mb={6}>{t('busiest', { hour: new Date(hour).toLocaleString(shownLanguage(), { dateStyle: 'medium', timeStyle: 'short' }), count: most })}</Text>}
      <ul className={styles.load} data-testid="trial-load">
        {days.map(({ day, messages }) => (
          <li key={day}><span>{named(day)}</span><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden><rect width={(100 * messages) / highest} height={8} rx={1.5} /></svg><span>{figure(messages)}</span></li>
        ))}
      </ul>
    </Section>
  );
}
