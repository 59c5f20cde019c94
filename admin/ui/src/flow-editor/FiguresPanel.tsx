/** Figures of real use: where talks of a flow stop; for a journey who waits where, why not sent, and how its experiments go. */
import { Alert, Button, Group, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { IconChartBar } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { asAPIError } from '../api/problem';
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { Nothing } from '../look/Notices';
import { plainWords } from '../look/words';
import { useMay } from '../session/useMay';
import { useEditor } from './EditorContext';
import { Experiments } from './Experiments';
import { shortSeconds } from './model/durations';
import { Section } from './panel/Section';
import type { DropOff, JourneyDetail, JourneyDropOff } from './shapes';
import { useJourneyState } from './useFlows';
import { useEditorWords } from './words';
import styles from './editor.module.css';

const PERIODS = [7, 30, 90] as const; // days

interface Props {
  days: number | null;
  onDays: (days: number | null) => void;
  dropOff: DropOff | undefined;
  /** The same of a journey. */
  passed: JourneyDropOff | undefined;
  journey: JourneyDetail | undefined;
  isPublished: boolean;
}

export function FiguresPanel({ days, onDays, dropOff, passed, journey, isPublished }: Props) {
  const { isJourney } = useEditor();
  const { t } = useEditorWords();
  if (!isPublished) return <Nothing icon={IconChartBar} title={t('no_figures')}><Text size="sm" c="dimmed">{t('no_figures_why')}</Text></Nothing>;
  if (isJourney) {
    if (!journey) return <Text size="sm" c="dimmed" role="status">{t('loading')}</Text>;
    return (
      <JourneyFigures journey={journey}>
        <Period days={days} onDays={onDays} />
        {days !== null && passed && <PassedTable passed={passed} />}
      </JourneyFigures>
    );
  }
  return (
    <Stack gap="sm" data-testid="figures">
      <Text size="sm" c="dimmed">{t('figures_why')}</Text>
      <Period days={days} onDays={onDays} />
      {days !== null && dropOff && <DropOffTable dropOff={dropOff} />}
    </Stack>
  );
}

function Period({ days, onDays }: Pick<Props, 'days' | 'onDays'>) {
  const { t } = useEditorWords();
  return (
    <SegmentedControl
      size="xs" value={String(days ?? 0)} aria-label={t('period')} onChange={(next) => onDays(Number(next) || null)}
      data={[{ value: '0', label: t('off') }, ...PERIODS.map((period) => ({ value: String(period), label: t('days', { count: period }) }))]}
    />
  );
}

/** How people went through a journey, with the reasons for which they stopped. */
function PassedTable({ passed }: { passed: JourneyDropOff }) {
  const { goTo } = useEditor();
  const { t } = useEditorWords();
  const trials = useWords('trials');
  if (passed.steps.length === 0) return <Text size="sm" c="dimmed">{trials('nobody_came')}</Text>;
  return (
    <>
      <Text size="sm" fw={600} mt="sm">{trials('came_in_count', { count: passed.people })}</Text>
      <Table verticalSpacing={4} horizontalSpacing={4} className={styles.figures ?? ''} data-testid="passed">
        <Table.Thead>
          <Table.Tr><Table.Th scope="col">{t('tab_step')}</Table.Th><Table.Th scope="col">{t('arrived')}</Table.Th><Table.Th scope="col">{trials('went_on')}</Table.Th><Table.Th scope="col">{t('stopped')}</Table.Th><Table.Th scope="col">{t('median')}</Table.Th></Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {passed.steps.map((step) => (
            <Table.Tr key={step.step}>
              <Table.Th scope="row"><Button size="compact-xs" variant="subtle" onClick={() => goTo(step.step)}>{step.step}</Button></Table.Th>
              <Table.Td>{figure(step.arrived)}</Table.Td>
              <Table.Td>{figure(step.went_on)}</Table.Td>
              <Table.Td title={step.left.map(({ text, people }) => `${text} ${figure(people)}`).join('\n')}>{step.stopped > 0 ? figure(step.stopped) : '–'}</Table.Td>
              <Table.Td>{step.median_seconds === null ? '–' : shortSeconds(step.median_seconds)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

function DropOffTable({ dropOff }: { dropOff: DropOff }) {
  const { goTo } = useEditor();
  const { t } = useEditorWords();
  if (dropOff.talks === 0) return <Text size="sm" c="dimmed">{t('no_talks')}</Text>;
  return (
    <>
      <Text size="sm" fw={600}>{t('talks', { count: dropOff.talks })}</Text>
      <Table verticalSpacing={4} className={styles.figures ?? ''}>
        <Table.Thead><Table.Tr><Table.Th scope="col">{t('tab_step')}</Table.Th><Table.Th scope="col">{t('arrived')}</Table.Th><Table.Th scope="col">{t('stopped')}</Table.Th><Table.Th scope="col">{t('median')}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {dropOff.steps.map((step) => (
            <Table.Tr key={step.step}>
              <Table.Th scope="row"><Button size="compact-xs" variant="subtle" onClick={() => goTo(step.step)}>{step.step}</Button></Table.Th>
              <Table.Td>{figure(step.arrived)}</Table.Td>
              <Table.Td>{step.stopped > 0 ? `${figure(step.stopped)} (${Math.round((100 * step.stopped) / step.arrived)} %)` : '–'}</Table.Td>
              <Table.Td>{step.median_seconds === null ? '–' : shortSeconds(step.median_seconds)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

function JourneyFigures({ journey: { journey, standing, totals }, children }: { journey: JourneyDetail; children: ReactNode }) {
  const { goTo } = useEditor();
  const { t, value } = useEditorWords();
  const trials = useWords('trials');
  const may = useMay();
  const state = useJourneyState(journey.journey);
  const waiting = new Map<string, number>();
  for (const { step, people } of standing) waiting.set(step, (waiting.get(step) ?? 0) + people);
  const decided = (...kinds: string[]) => totals.filter(({ what }) => kinds.includes(what));
  return (
    <Stack gap="md" data-testid="figures">
      <Group justify="space-between" gap="xs">
        <div>
          <Text size="sm" fw={600} data-testid="journey-state">{value(journey.state)}</Text>
          <Text size="xs" c="dimmed">{t('people_inside', { count: journey.people })}</Text>
        </div>
        {may('journeys.write') && (
          <Group gap={6}>
            {journey.state !== 'running' && <Button size="xs" loading={state.isPending} onClick={() => state.mutate('running')} data-testid="resume">{t('resume')}</Button>}
            {journey.state === 'running' && <Button size="xs" variant="default" loading={state.isPending} onClick={() => state.mutate('paused')} data-testid="pause">{t('pause')}</Button>}
            {journey.state !== 'draining' && <Button size="xs" variant="default" loading={state.isPending} onClick={() => state.mutate('draining')}>{t('drain')}</Button>}
          </Group>
        )}
      </Group>
      {state.error && <Alert color="red" variant="light" role="alert">{asAPIError(state.error).message}</Alert>}
      <Section title={trials('way_through')}>{children}</Section>
      <Section title={t('waiting')}>
        {waiting.size === 0 ? <Text size="sm" c="dimmed">{t('nobody_waits')}</Text> : (
          <ul className={styles.totals}>
            {[...waiting].sort(([, one], [, other]) => other - one).map(([step, people]) => <li key={step}><Button size="compact-xs" variant="subtle" onClick={() => goTo(step)}>{step}</Button><span>{figure(people)}</span></li>)}
          </ul>
        )}
      </Section>
      <Totals title={t('not_sent')} empty={t('all_sent')} rows={decided('not_sent', 'call_failed', 'waits')} />
      <Totals title={t('stayed_out')} empty={t('nobody_stayed_out')} rows={decided('stayed_out')} />
      <Totals title={t('done_and_left')} empty={t('nobody_left')} rows={decided('sent', 'goal', 'left')} />
      <Experiments journey={journey.journey} mayDecide={may('journeys.write')} />
    </Stack>
  );
}

function Totals({ title, empty, rows }: { title: string; empty: string; rows: JourneyDetail['totals'] }) {
  return (
    <Section title={title}>
      {rows.length === 0 ? <Text size="sm" c="dimmed">{empty}</Text> : (
        <ul className={styles.totals}>
          {rows.map((row) => <li key={`${row.what}:${row.rule}`}><span lang="en" title={plainWords(row.rule)}>{row.text}</span><span>{figure(row.people)}</span></li>)}
        </ul>
      )}
    </Section>
  );
}
