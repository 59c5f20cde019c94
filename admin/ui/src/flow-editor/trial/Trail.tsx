/** The way of one person day by day. One moment is looked at: its step is lit, and the ways up to it are drawn. */
import { ActionIcon, Group, Text, UnstyledButton } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { figure, shownLanguage } from '../../i18n/said';
import { useWords } from '../../i18n/useWords';
import { eventKindName, plainWords } from '../../look/words';
import { useEditor } from '../EditorContext';
import { conditionInWords } from '../model/conditions';
import type { Condition } from '../model/document';
import { shortSeconds } from '../model/durations';
import { LetterView } from '../panel/LetterView';
import type { PersonTrialled, Trial, TrialMoment } from '../shapes';
import type { Standing } from '../Simulator';
import { useEditorWords } from '../words';
import styles from './trial.module.css';

interface Props {
  trial: Trial;
  person: PersonTrialled;
  zone: string;
  onStanding: (standing: Standing) => void;
}

export function Trail({ trial, person, zone, onStanding }: Props) {
  const { goTo } = useEditor();
  const t = useWords('trials');
  useWords('event_kinds'); // for the names of what happened
  const { moments } = person;
  const [at, setAt] = useState(0);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => onStanding(standingAt(moments, at)), [at, moments, onStanding]);
  const look = (index: number) => {
    const place = Math.max(0, Math.min(moments.length - 1, index));
    setAt(place);
    const button = list.current?.querySelector<HTMLElement>(`[data-moment="${place}"]`);
    button?.focus({ preventScroll: true });
    button?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: moments.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    look(to);
  };
  if (moments.length === 0) return <Text size="sm" c="dimmed" role="status">{t('nothing_came')}</Text>;
  return (
    <section aria-label={t('their_way')} className={styles.trail} data-testid="trail">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={600} role="status" data-testid="trail-end">{endOf(person, t)}</Text>
        <Group gap={2} wrap="nowrap">
          <ActionIcon variant="subtle" color="gray" aria-label={t('earlier')} disabled={at === 0} onClick={() => look(at - 1)}><IconChevronLeft size={16} aria-hidden /></ActionIcon>
          <Text size="xs" c="dimmed">{figure(at + 1)} / {figure(moments.length)}</Text>
          <ActionIcon variant="subtle" color="gray" aria-label={t('later')} disabled={at === moments.length - 1} onClick={() => look(at + 1)} data-testid="trail-later"><IconChevronRight size={16} aria-hidden /></ActionIcon>
        </Group>
      </Group>
      {trial.problems > 0 && <Text size="xs" c="var(--warm)">{t('has_problems', { count: trial.problems })}</Text>}
      <ol className={styles.moments} ref={list} onKeyDown={onKeyDown}>
        {moments.map((moment, index) => (
          <li key={index}>
            {(index === 0 || moments[index - 1]?.day !== moment.day) && <p className={styles.day}>{t('day', { number: moment.day })} · {dayOf(moment.at, zone)}</p>}
            <UnstyledButton
              className={styles.moment ?? ''} data-moment={index} data-what={moment.what} aria-current={index === at ? 'step' : undefined} tabIndex={index === at ? 0 : -1}
              onClick={() => look(index)} onDoubleClick={() => moment.step !== null && goTo(moment.step)}
            >
              <span className={styles.clock}>{clockOf(moment.at, zone)}</span>
              <span><Said moment={moment} zone={zone} /></span>
            </UnstyledButton>
            {index === at && moment.message && <Message moment={moment} zone={zone} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

type Words = ReturnType<typeof useWords<'trials'>>;

function Said({ moment, zone }: { moment: TrialMoment; zone: string }) {
  const t = useWords('trials');
  const { value } = useEditorWords();
  const step = moment.step ?? '';
  const channel = moment.message ? value(moment.message.channel) : '';
  switch (moment.what) {
    case 'entered':
      return <>{t('came_in', { step })}</>;
    case 'came_to':
      return (
        <>
          {t('came_to', { step })}
          {moment.way && <Why moment={moment} />}
          {(moment.waited_seconds ?? 0) > 0 && <small>{t('waited', { time: shortSeconds(moment.waited_seconds ?? 0), step: moment.came_from ?? '' })}</small>}
        </>
      );
    case 'message':
      return <>{messageWords(moment, channel, t)}{moment.message?.text && moment.message.state === 'skipped' && <small lang="en">{moment.message.text}</small>}{latestPutOff(moment, zone, t)}</>;
    case 'sent':
      return <>{t('left_by', { channel, step })}</>;
    case 'happened':
      return <>{t('happened', { what: eventKindName(moment.rule ?? '') })}</>;
    case 'stayed_out':
      return <>{t('stayed_out')} <small lang="en">{moment.text}</small></>;
    case 'left':
      return <>{t('left_at', { step })} <small lang="en">{moment.text}</small></>;
    case 'stands':
      return <>{t('still_on', { step })}{moment.until && <small>{t('until', { moment: `${dayOf(moment.until, zone)}, ${clockOf(moment.until, zone)}` })}</small>}</>;
  }
}

function messageWords({ message, step }: TrialMoment, channel: string, t: Words): string {
  const about = { channel, step: step ?? '' };
  if (message?.state === 'skipped') return t('refused', about);
  if (message?.state === 'cancelled') return t('withdrawn', about);
  if (message?.left_at) return t('written', about);
  return t('waits', about);
}

function latestPutOff({ message }: TrialMoment, zone: string, t: Words) {
  const put = message?.gate.findLast(({ answer }) => answer === 'defer');
  if (!put?.until) return null;
  return <small>{t('put_off', { moment: `${dayOf(put.until, zone)}, ${clockOf(put.until, zone)}` })} <span lang="en">{put.text}</span></small>;
}

/** Why this way: the part of the step that leads here, and the condition that held. */
function Why({ moment: { way } }: { moment: TrialMoment }) {
  const words = useEditorWords();
  const t = useWords('trials');
  if (!way || (way.by === 'next' && way.condition === null)) return null;
  const [part = '', name] = way.by.split(':');
  const why = way.condition ? conditionInWords(way.condition as Condition, words.condition) : name === undefined ? words.field(part) : plainWords(name);
  return <small>{t('because', { why })}</small>;
}

function Message({ moment: { message }, zone }: { moment: TrialMoment; zone: string }) {
  const t = useWords('trials');
  if (!message) return null;
  return (
    <div className={styles.message} data-testid="trail-message">
      <LetterView rendering={message.rendering} />
      <ul className={styles.gate} aria-label={t('gate')}>
        {message.gate.map((asked, index) => (
          <li key={index} data-answer={asked.answer}>
            <strong>{t(`stage_${asked.stage}`)}: {t(`answer_${asked.answer}`)}</strong> <span>{clockOf(asked.at, zone)}</span> <span lang="en" title={plainWords(asked.rule)}>{asked.text}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function endOf({ stands_on: standsOn, left_by: leftBy }: PersonTrialled, t: Words): string {
  if (standsOn !== null) return t('ends_on', { step: standsOn });
  return leftBy === null ? t('never_in') : t('ends_by', { outcome: plainWords(leftBy) });
}

/** The step to light at a moment, and the ways that were gone by then. */
function standingAt(moments: readonly TrialMoment[], at: number): Standing {
  const gone = moments.slice(0, at + 1);
  return {
    step: gone.findLast(({ step }) => step !== null)?.step ?? null,
    walked: gone.flatMap(({ came_from: from, step, what }) => (what === 'came_to' && from !== null && step !== null ? [{ from, to: step }] : [])),
  };
}

function dayOf(at: string, zone: string): string {
  return new Date(at).toLocaleDateString(shownLanguage(), { weekday: 'short', day: 'numeric', month: 'short', timeZone: zone });
}

function clockOf(at: string, zone: string): string {
  return new Date(at).toLocaleTimeString(shownLanguage(), { hour: '2-digit', minute: '2-digit', timeZone: zone });
}
