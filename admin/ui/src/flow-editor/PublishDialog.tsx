/** Publishing: tried first, with what changes, the test talks, the replay and the people it meets; then done. Also going back. */
import { Alert, Button, Group, Loader, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { asAPIError } from '../api/problem';
import { Choose } from '../look/Choose';
import { useEditor } from './EditorContext';
import { ProblemRow } from './panel/ProblemsPanel';
import { Section } from './panel/Section';
import type { PublishJob } from './shapes';
import { isOver, usePublish, usePublishJob, useRollBack } from './useFlows';
import { useEditorWords } from './words';
import styles from './editor.module.css';

interface Props {
  isOpen: boolean;
  /** The published version that is gone back to; null publishes the draft. */
  rollBackTo: number | null;
  hasDraft: boolean;
  beforeStart: () => Promise<void>;
  onClose: () => void;
  onDone: () => void;
  onSettings: () => void;
  onStartExamples: () => void;
}

export function PublishDialog({ isOpen, rollBackTo, hasDraft, beforeStart, onClose, onDone, onSettings, onStartExamples }: Props) {
  const { t } = useEditorWords();
  return (
    <Modal
      opened={isOpen} onClose={onClose} size="lg" title={rollBackTo === null ? t('publish') : t('roll_back_to', { number: rollBackTo })}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      {isOpen && <Publishing rollBackTo={rollBackTo} hasDraft={hasDraft} beforeStart={beforeStart} onClose={onClose} onDone={onDone} onSettings={onSettings} onStartExamples={onStartExamples} />}
    </Modal>
  );
}

function Publishing({ rollBackTo, hasDraft, beforeStart, onClose, onDone, onSettings, onStartExamples }: Omit<Props, 'isOpen'>) {
  const { item } = useEditor();
  const { t } = useEditorWords();
  const queries = useQueryClient();
  const [note, setNote] = useState('');
  const [places, setPlaces] = useState<Readonly<Record<string, string>>>({});
  const [jobId, setJobId] = useState<string | null>(null);
  const publish = usePublish();
  const rollBack = useRollBack();
  const job = usePublishJob(jobId).data;
  const isRunning = publish.isPending || rollBack.isPending || (jobId !== null && !(job && isOver(job.status)));
  const failure = publish.error ?? rollBack.error;
  const follow = { onSuccess: (begun: PublishJob) => setJobId(begun.id) };
  const begin = async (onlyTry: boolean, force = false) => {
    setJobId(null);
    if (rollBackTo !== null) return rollBack.mutate({ item, version: rollBackTo, note }, follow);
    await beforeStart();
    const where = Object.entries(places).map(([key, to]) => ({ journey: key.split('/')[0] ?? '', step: key.split('/')[1] ?? '', to }));
    publish.mutate({ items: [item], note, places: where, only_try: onlyTry, force }, follow);
  };
  if (job?.status === 'done' && job.kind !== 'try') return <Done job={job} onClose={() => { void queries.invalidateQueries({ queryKey: ['flows'] }); onDone(); }} />;
  if (rollBackTo === null && !hasDraft) return <Text>{t('nothing_to_publish')}</Text>;
  return (
    <Stack gap="md" data-testid="publish-dialog">
      <Text size="sm" c="dimmed">{rollBackTo === null ? t('publish_why') : t('roll_back_why')}</Text>
      {rollBackTo === null && <NothingStartsIt onWrite={() => { onStartExamples(); onClose(); }} />}
      <TextInput label={t('publish_note')} description={t('publish_note_why')} value={note} onChange={(event) => setNote(event.currentTarget.value)} data-testid="publish-note" />
      {isRunning && <Progress job={job} />}
      {failure && <Alert color="red" variant="light" role="alert">{asAPIError(failure).message}</Alert>}
      {job && isOver(job.status) && <Outcome job={job} onSettings={() => { onSettings(); onClose(); }} />}
      {job && job.stranded.length > 0 && <Stranded job={job} places={places} onChange={setPlaces} />}
      <Group justify="flex-end" gap="xs">
        {job?.code === 'outdated' && <Button variant="default" c="var(--bad)" disabled={isRunning} onClick={() => void begin(false, true)} data-testid="publish-anyway">{t('publish_anyway')}</Button>}
        {rollBackTo === null && <Button variant="default" disabled={isRunning} onClick={() => void begin(true)} data-testid="publish-try">{t('try_first')}</Button>}
        <Button disabled={isRunning} onClick={() => void begin(false)} data-testid="publish-now">{rollBackTo === null ? t('publish') : t('roll_back')}</Button>
      </Group>
    </Stack>
  );
}

/** A flow that no sentence starts is heard only where another flow leads to it: easily forgotten with a new one. */
function NothingStartsIt({ onWrite }: { onWrite: () => void }) {
  const { document: { settings }, isJourney } = useEditor();
  const { t } = useEditorWords();
  const isStarted = [settings.nlu_triggers, settings.start_examples].some((one) => one !== undefined && one !== null && Object.keys(one).length > 0);
  if (isJourney || isStarted) return null;
  return (
    <Alert color="pine" variant="light" title={t('nothing_starts_it')} data-testid="nothing-starts-it">
      <Text size="sm" mb={8}>{t('nothing_starts_it_why')}</Text>
      <Button size="compact-sm" variant="default" onClick={onWrite} data-testid="say-what-starts-it">{t('say_what_starts_it')}</Button>
    </Alert>
  );
}

function Progress({ job }: { job: PublishJob | undefined }) {
  const { t } = useEditorWords();
  return (
    <div role="status" className={styles.progress}>
      <Group gap="xs"><Loader size="xs" /><Text size="sm">{t('publishing')}</Text></Group>
      {job?.lines.map((line, index) => <Text key={index} size="xs" c="dimmed" lang="en">{line}</Text>)}
    </div>
  );
}

function Done({ job, onClose }: { job: PublishJob; onClose: () => void }) {
  const { t } = useEditorWords();
  return (
    <Stack gap="sm" data-testid="published">
      <Group gap="xs" role="status"><IconCircleCheck color="var(--good)" aria-hidden /><Text fw={600}>{job.unchanged ? t('published_unchanged') : t('published', { number: job.publication ?? 0 })}</Text></Group>
      <Report job={job} />
      <Group justify="flex-end"><Button onClick={onClose} data-testid="published-close">{t('close')}</Button></Group>
    </Stack>
  );
}

/** What a try or a refused publishing came to. */
function Outcome({ job, onSettings }: { job: PublishJob; onSettings: () => void }) {
  const { t } = useEditorWords();
  return (
    <Stack gap="sm" data-testid="publish-outcome" data-status={job.status}>
      {job.status === 'done'
        ? <Alert color="pine" variant="light" role="status">{t('try_went_well')}</Alert>
        : <Alert color="red" variant="light" role="alert"><Text size="sm" lang="en">{job.faults.length > 0 ? t('refused_faults', { count: job.faults.length }) : job.problem}</Text></Alert>}
      {job.faults.slice(0, 8).map((fault, index) => <ProblemRow key={index} problem={fault} onSettings={onSettings} />)}
      <Report job={job} />
    </Stack>
  );
}

function Report({ job: { report } }: { job: PublishJob }) {
  const { t } = useEditorWords();
  if (!report) return null;
  const { changes, impact, replay, tests } = report;
  return (
    <>
      {changes.length > 0 && (
        <Section title={t('what_changes')}>
          <Lines>{changes.flatMap(({ words }) => words).map((line, index) => <li key={index} lang="en">{line}</li>)}</Lines>
        </Section>
      )}
      {tests && (
        <Section title={t('test_talks')}>
          <Text size="sm">{tests.failures.length === 0 ? t('tests_passed', { count: tests.conversations }) : t('tests_failed', { count: tests.failures.length, all: tests.conversations })}</Text>
          <Lines>{tests.failures.map((failure, index) => <li key={index}><strong>{failure.flow}: {failure.name}</strong> <span lang="en">{failure.problem}</span></li>)}</Lines>
        </Section>
      )}
      {replay && (
        <Section title={t('replay')}>
          <Text size="sm">{replay.same_by_construction ? t('replay_same') : replay.conversations === 0 ? t('replay_none') : t('replay_differs', { count: replay.differences.length, all: replay.conversations })}</Text>
          <Lines>{replay.differences.slice(0, 8).map((one) => <li key={one.conversation_id} lang="en">{one.before} → {one.after}</li>)}</Lines>
        </Section>
      )}
      <Section title={t('impact')}>
        <Text size="sm">{impact.people === 0 ? t('impact_nobody') : t('impact_people', { count: impact.people })}</Text>
        <Lines>
          {impact.places.filter(({ change }) => change !== 'same').map((place) => (
            <li key={place.step}><strong>{place.step}</strong> ({t('people', { count: place.people })}) → {Object.entries(place.lands).map(([step, people]) => `${step || t('nowhere')} ${people}`).join(', ')}</li>
          ))}
        </Lines>
      </Section>
    </>
  );
}

function Lines({ children }: { children: ReactNode }) {
  return <ul className={styles.lines}>{children}</ul>;
}

/** People stand on steps that are gone: it must be said where they go on. */
function Stranded({ job, places, onChange }: { job: PublishJob; places: Readonly<Record<string, string>>; onChange: (places: Record<string, string>) => void }) {
  const { t } = useEditorWords();
  return (
    <Section title={t('stranded')}>
      <Stack gap="xs">
        {job.stranded.map((one) => {
          const key = `${one.journey}/${one.step}`;
          return (
            <Choose
              key={key} label={t('stranded_on', { step: one.step, count: one.people })} value={places[key] ?? ''}
              choices={[{ value: '', label: t('choose_step') }, ...one.steps.map((step) => ({ value: step, label: step === one.nearest ? t('nearest', { step }) : step }))]}
              onChange={(to) => onChange({ ...places, [key]: to })}
            />
          );
        })}
      </Stack>
    </Section>
  );
}
