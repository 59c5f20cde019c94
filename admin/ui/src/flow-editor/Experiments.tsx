/** How the ways of experiments compare, with the interval in which the true difference lies, and what the journey brings at all. */
import { Alert, Button, Group, Table, Text } from '@mantine/core';
import { asAPIError } from '../api/problem';
import { figure } from '../i18n/said';
import { Tag } from '../look/Tag';
import { plainWords } from '../look/words';
import { Section } from './panel/Section';
import type { ExperimentRow, Lift } from './shapes';
import { useDecideExperiment, useExperiments, useLift } from './useFlows';
import { useEditorWords } from './words';
import styles from './editor.module.css';

type Compared = NonNullable<Lift['compared']>;

export function Experiments({ journey, mayDecide }: { journey: string; mayDecide: boolean }) {
  const { t } = useEditorWords();
  const experiments = useExperiments(journey, true);
  const lift = useLift(journey, true).data;
  return (
    <>
      {lift && lift.holdout_percent > 0 && (
        <Section title={t('lift')}>
          <Text size="sm">{t('lift_of', { percent: lift.holdout_percent, inside: lift.inside.people, outside: lift.held_back.people })}</Text>
          {lift.compared ? <Interval compared={lift.compared} isRate={isRate([lift.inside.mean, lift.held_back.mean])} /> : <Text size="xs" c="dimmed">{t('compare_later')}</Text>}
        </Section>
      )}
      {experiments.data?.map((experiment) => <Experiment key={experiment.id} experiment={experiment} mayDecide={mayDecide} />)}
      {experiments.isError && <Text size="sm" c="var(--bad)">{asAPIError(experiments.error).message}</Text>}
    </>
  );
}

function Experiment({ experiment, mayDecide }: { experiment: ExperimentRow; mayDecide: boolean }) {
  const { t } = useEditorWords();
  const decide = useDecideExperiment();
  const asRate = isRate(experiment.ways.map((way) => way.mean));
  return (
    <Section title={t('experiment_at', { step: experiment.step })}>
      <Text size="xs" c="dimmed" mb={6}>{t('experiment_goal', { goal: plainWords(experiment.goal) })}</Text>
      {!experiment.even && <Alert color="orange" variant="light" mb="xs">{t('uneven')}</Alert>}
      <Table verticalSpacing={6} className={styles.figures ?? ''} data-testid="experiment">
        <Table.Thead><Table.Tr><Table.Th scope="col">{t('way')}</Table.Th><Table.Th scope="col">{t('people_head')}</Table.Th><Table.Th scope="col">{t('reached')}</Table.Th><Table.Th scope="col">{t('difference')}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {experiment.ways.map((way) => (
            <Table.Tr key={way.name}>
              <Table.Th scope="row">
                {plainWords(way.name)} {experiment.winner === way.name && <Tag tone="good">{t('winner')}</Tag>}
                {mayDecide && experiment.winner === null && <Button size="compact-xs" variant="subtle" onClick={() => decide.mutate({ id: experiment.id, variant: way.name })}>{t('make_winner')}</Button>}
              </Table.Th>
              <Table.Td>{figure(way.people)}</Table.Td>
              <Table.Td>{meanInFigures(way.mean, asRate)}</Table.Td>
              <Table.Td>{way.compared ? <Interval compared={way.compared} isRate={asRate} /> : '–'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {decide.error && <Text size="xs" c="var(--bad)" role="alert">{asAPIError(decide.error).message}</Text>}
    </Section>
  );
}

/** The difference in figures and as a bar in its interval, with nought marked. */
function Interval({ compared: { difference, high, low }, isRate: asRate }: { compared: Compared; isRate: boolean }) {
  const { t } = useEditorWords();
  const reach = Math.max(Math.abs(low), Math.abs(high), Number.EPSILON) * 1.1;
  const at = (value: number) => 60 + (55 * value) / reach;
  const tone = low > 0 ? 'var(--good)' : high < 0 ? 'var(--bad)' : 'var(--edge)';
  const sign = (value: number) => `${value > 0 ? '+' : ''}${meanInFigures(value, asRate)}`;
  return (
    <Group gap={8} wrap="nowrap">
      <svg width={120} height={16} viewBox="0 0 120 16" aria-hidden className={styles.interval}>
        <line x1={60} x2={60} y1={0} y2={16} stroke="var(--line-strong)" />
        <line x1={at(low)} x2={at(high)} y1={8} y2={8} stroke={tone} strokeWidth={4} strokeLinecap="round" />
        <circle cx={at(difference)} cy={8} r={4.5} fill={tone} />
      </svg>
      <Text size="xs">{sign(difference)} <Text span size="xs" c="dimmed">{t('between', { low: sign(low), high: sign(high) })}</Text></Text>
    </Group>
  );
}

function isRate(means: readonly number[]): boolean {
  return means.every((mean) => mean >= 0 && mean <= 1);
}

function meanInFigures(value: number, asRate: boolean): string {
  return asRate ? `${figure(value * 100, 1)} %` : figure(value, 2);
}
